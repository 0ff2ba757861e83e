"""Scenario files: the shipped ones are sound, a faulty one is told all its faults at once, by line."""

from pathlib import Path

import pytest

from master_autogen.errors import UserError
from master_autogen.records import CHECKS, MISCONCEPTIONS
from master_autogen.scenario import read_scenario
from master_autogen.yaml_files import names

SOUND = """\
name: tiny
title: Tiny
summary: One question, one answer.
roles:
  teacher: {title: Teacher}
  student: {title: Student}
pair: {instruction: teacher, response: student}
phases:
  - name: pose
    role: teacher
    side: human
    prompt: Explain.
    checks: [not_empty]
  - name: solve
    role: student
    side: gpt
    train: true
    sees: [reference]
    prompt: "Solve {{ question }} by {{ reference }}"
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _faults(text: str) -> list[str]:
    Path("s.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as caught:
        read_scenario("s.yaml")
    return str(caught.value).split("\n")


def test_the_shipped_scenarios_are_sound_and_in_masters_order() -> None:
    script = {name: [(p.name, p.role) for p in read_scenario(name).script] for name in names("")}
    assert script == {
        "error_correction": [
            ("pose", "teacher"),
            ("err", "slow_student"),
            ("correct", "teacher"),
            ("revise", "student"),
        ],
        "debate": [("state", "student_a"), ("challenge", "student_b"), ("conclude", "student_c")],
        "analogical_reasoning": [
            ("pose", "teacher"),
            ("solve", "student"),
            ("pose_similar", "teacher"),
            ("solve_similar", "student"),
        ],
        "rewriting": [("rewrite", "rewriter"), ("respond", "responder")],
    }


def test_only_the_phases_that_method_names_see_a_reference() -> None:
    seeing = {
        (name, phase.name): phase.sees for name in names("") for phase in read_scenario(name).script if phase.sees
    }
    assert seeing == {
        ("error_correction", "correct"): ["reference"],
        ("error_correction", "revise"): ["reference"],
        ("debate", "conclude"): ["reference"],
        ("analogical_reasoning", "solve"): ["reference"],
        ("analogical_reasoning", "pose_similar"): ["similar_question"],
        ("analogical_reasoning", "solve_similar"): ["similar_reference"],
        ("rewriting", "rewrite"): ["reference"],
        ("rewriting", "respond"): ["reference"],
    }


def test_a_sound_file_is_read() -> None:
    Path("s.yaml").write_text(SOUND, encoding="utf-8")
    scenario = read_scenario("s.yaml")
    assert scenario.outside_pair == []
    assert [phase.train for phase in scenario.script] == [False, True]


def test_exchanges_are_played_several_times_and_numbered() -> None:
    text = SOUND.replace(
        "  - name: solve",
        "  - exchanges: 2\n    phases:\n      - {name: ask, role: teacher, side: human, prompt: x, ask: y}\n"
        "      - {name: tell, role: student, side: gpt, prompt: x, ask: y}\n  - name: solve",
    ).replace('    prompt: "Solve', '    ask: Conclude.\n    prompt: "Solve')
    Path("s.yaml").write_text(text, encoding="utf-8")
    script = read_scenario("s.yaml").script
    assert [(p.name, p.exchange) for p in script] == [
        ("pose", 1), ("ask", 1), ("tell", 1), ("ask_2", 2), ("tell_2", 2), ("solve", 1),
    ]  # fmt: skip


def test_all_faults_come_at_once_by_line() -> None:
    text = (
        SOUND.replace("summary:", "sumary:")
        .replace("title: Student}", "title: Student}\n  ghost: {title: Ghost}")
        .replace("    role: teacher\n", "    role: techer\n")
        .replace("prompt: Explain.", 'prompt: "{{ reference }} {{ nonsense }}"')
        .replace("[not_empty]", "[not_empty, no_leek]")
        .replace("{{ question }} by {{ reference }}", "{{ broken")
    )
    known = "confirmed, exchange, phase, question, title"
    checks = ", ".join(CHECKS)
    assert _faults(text) == [
        "s.yaml:1: summary: missing",
        "s.yaml:3: sumary: unknown key",
        "s.yaml:5: roles.teacher: unused role: no phase has it speak",
        "s.yaml:7: roles.ghost: unused role: no phase has it speak",
        "s.yaml:11: phases.1.role: no role 'techer'; there are: teacher, student, ghost",
        f"s.yaml:13: phases.1.prompt: {{{{ nonsense }}}}: no such variable; there are: {known}",
        "s.yaml:13: phases.1.prompt: {{ reference }}: the phase does not see it; add it to `sees`: [reference]; "
        f"there are: {known}",
        f"s.yaml:14: phases.1.checks.2: no check 'no_leek'; there are: {checks}; "
        "one of your own comes with --checks FILE.py",
        "s.yaml:19: phases.2.sees.1: sees 'reference', but neither prompt nor ask uses it",
        "s.yaml:20: phases.2.prompt: template syntax: unexpected end of template, expected 'end of print statement'. "
        "(line 1 of the text)",
    ]


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("response: student}", "response: pupil}", "s.yaml:7: pair.response: no role 'pupil'; there are: teacher, student"),
        ("response: student}", "response: teacher}",
         "s.yaml:7: pair.response: is the role of the instruction side; a pair is of two roles"),
        ("prompt: Explain.", "prompt: Explain.\n    exchange: 2",
         "s.yaml:13: phases.1.exchange: is counted by `exchanges`; leave it out"),
        ("name: solve", "name: pose", "s.yaml:14: phases.2.name: two phases are named 'pose'"),
        ("name: tiny", "name: Tiny One", "s.yaml:1: name: string should match pattern '^[a-z][a-z0-9_]*$' (found 'Tiny One')"),
        ("    train: true\n", "", "s.yaml:8: phases: no turn is trained on: no sample can be made"),
        ("    side: human\n", "    side: human\n    train: true\n",
         "s.yaml:12: phases.1.train: only a turn of side gpt can be trained on"),
        ("    sees: [reference]", "    sees: [similar_reference, reference]",
         "s.yaml:14: phases.2: uses the similar question; say `similar: true` for the scenario"),
        ("    role: student\n", "    role: teacher\n",
         "s.yaml:14: phases.2: follows a turn of its own speaker; `ask` has to say what is wanted"),
        ("{title: Student}", "{title: Student, continues: nobody}", "s.yaml:6: roles.student.continues: no other role 'nobody'"),
        ("title: Tiny", "title: Tiny\nopens_with_question: false\nkinds: [maths]",
         "s.yaml:4: kinds.1: input should be 'math', 'code', 'choice' or 'general' (found 'maths')"),
        ("    checks: [not_empty]", "    checks: [not_empty]\n    if_right: plant",
         "s.yaml:14: phases.1.if_right: needs the check wrong_answer; add it to `checks`"),
        ("    checks: [not_empty]", "    checks: [not_empty]\n    misconceptions: [misread]",
         "s.yaml:14: phases.1.misconceptions: nothing is planted in this phase; say `if_right: plant`"),
        ("    checks: [not_empty]", "    checks: [wrong_answer]\n    if_right: plant\n    misconceptions: [misread, swop]",
         f"s.yaml:15: phases.1.misconceptions.2: no misconception 'swop'; there are: {', '.join(MISCONCEPTIONS)}"),
        ("title: Tiny", "title: Tiny\nconfirmations: 15",
         "s.yaml:3: confirmations: input should be less than or equal to 1 (found 15)"),
        ("side: human", "side: hidden", None),
    ],
)  # fmt: skip
def test_each_fault(old: str, new: str, fault: str | None) -> None:
    text = SOUND.replace(old, new, 1)
    if fault is None:
        Path("s.yaml").write_text(text, encoding="utf-8")
        assert read_scenario("s.yaml").script[0].side == "hidden"
    else:
        assert fault in _faults(text)


@pytest.mark.parametrize(
    ("prompt", "fault"),
    [
        ("{{ question.foo }}", "'str object' has no attribute 'foo'"),
        ("{{ exchange * 5 }}", "the operator * is not allowed in a template"),
        ("{% if title is nosuch %}{% endif %}", "No test named 'nosuch' found."),
        ("{% for letter in exchange %}{% endfor %}", "TypeError: 'int' object is not iterable"),
        ('{% include \\"x\\" %}', "TypeError: no loader for this environment specified"),
        ("{% if confirmed %}{{ 1 // 0 }}{% endif %}", "ZeroDivisionError: integer division or modulo by zero"),
        ("{% if not confirmed %}{{ 1 // 0 }}{% endif %}", "ZeroDivisionError: integer division or modulo by zero"),
    ],
)
def test_a_prompt_is_tried_before_it_is_needed(prompt: str, fault: str) -> None:
    for key in ("prompt", "ask"):
        text = SOUND.replace("prompt: Explain.", f'{key}: "{prompt}"' + ("\n    prompt: x" if key == "ask" else ""))
        assert _faults(text) == [f"s.yaml:12: phases.1.{key}: {fault}"]


def test_a_quote_is_tried_before_the_export_needs_it() -> None:
    text = SOUND.replace("prompt: Explain.", 'prompt: Explain.\n    quote: "{{ text / 2 }}"')
    assert _faults(text) == ["s.yaml:13: phases.1.quote: TypeError: unsupported operand type(s) for /: 'str' and 'int'"]


def test_a_prompt_has_to_do_without_an_answer_for_a_seed_may_have_none() -> None:
    text = SOUND.replace("[reference]", "[answer]").replace("{{ reference }}", "{{ answer | first }}")
    assert _faults(text) == ["s.yaml:19: phases.2.prompt: No first item, sequence was empty."]


def test_each_exchange_of_a_debate_is_tried() -> None:
    ask = "{% if exchange == 2 %}{{ question.foo }}{% endif %}"
    text = SOUND.replace(
        "  - name: solve",
        "  - exchanges: 2\n    phases:\n      - {name: ask, role: teacher, side: human, prompt: x, ask: y}\n"
        f'      - {{name: tell, role: student, side: gpt, prompt: "{ask}", ask: y}}\n  - name: solve',
    ).replace('    prompt: "Solve', '    ask: Conclude.\n    prompt: "Solve')
    assert _faults(text) == ["s.yaml:17: phases.2.phases.2.prompt: 'str object' has no attribute 'foo'"]
    second = text.replace(ask, "x").replace("prompt: x, ask: y}", "prompt: x, ask: y, exchange: 2}", 1)
    assert _faults(second) == ["s.yaml:16: phases.2.phases.1.exchange: is counted by `exchanges`; leave it out"]


def test_without_the_question_a_sample_needs_a_human_turn_first() -> None:
    text = SOUND.replace("title: Tiny", "title: Tiny\nopens_with_question: false").replace("side: human", "side: gpt")
    assert "s.yaml:12: phases.1.side: the first visible turn opens the sample: its side is human" in _faults(text)
