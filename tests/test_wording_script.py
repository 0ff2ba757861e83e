"""Scripts of every act: what they ask for, what they accept, what they keep secret, and that draws decide alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from master_autogen.arithmetic import equations, numbers, same_answer
from master_autogen.checks import CheckInput, check, verify
from master_autogen.records import Act, Seed
from master_autogen.seeds import bundled
from master_autogen.wording import Accepted, Facts, Said, Script, can_play, script
from master_autogen.wording.slots import drawn, gbnf, said_within
from master_autogen.wording.worked import worked

MATHS = [seed for seed in bundled().seeds if seed.kind == "math"]
CARS = Seed(
    instruction="Tim has 14 toy cars and buys 8 more. Then he gives 5 away. How many toy cars does he have now?",
    response="Tim buys 8 more, so he has 14 + 8 = 22 toy cars. After giving 5 away he has 22 - 5 = 17 toy cars. "
    "The answer is 17.",
    answer="17",
    kind="math",
)
EGGS = Seed(
    instruction="A box holds 6 eggs. How many boxes are needed for 42 eggs?",
    response="We need 42 / 6 = 7 boxes. The answer is 7.",
    answer="7",
    kind="math",
)
TITLES = {"teacher": "Teacher", "student_a": "Student A", "student_b": "Student B", "student_c": "Student C"}
PLAYS: dict[str, list[tuple[Act, str]]] = {
    "error_correction": [("pose", "teacher"), ("err", "student"), ("correct", "teacher"), ("revise", "student")],
    "debate": [
        ("state", "student_a"),
        ("challenge", "student_b"),
        ("state", "student_a"),
        ("challenge", "student_b"),
        ("conclude", "student_c"),
    ],
    "analogy": [
        ("pose", "teacher"),
        ("solve", "student"),
        ("pose_similar", "teacher"),
        ("solve_similar", "student"),
    ],
}
SECRET: tuple[Act, ...] = ("pose", "err", "correct", "state", "challenge", "pose_similar")
CHECKED: dict[Act, str] = {
    "pose": "no_calculation no_leak",
    "err": "wrong_answer",
    "correct": "no_calculation no_leak",
    "revise": "sound_steps right_answer",
    "conclude": "sound_steps right_answer",
    "solve": "sound_steps right_answer",
    "pose_similar": "no_calculation no_leak",
    "solve_similar": "sound_steps right_answer",
}


def played(seed: Seed, similar: Seed, key: int) -> Iterator[tuple[Act, Script, Seed]]:
    """Every turn of every scenario, each on what the templates of the turns before say."""
    for acts in PLAYS.values():
        said: tuple[Said, ...] = ()
        for i, (act, role) in enumerate(acts):
            made = script(act, Facts(seed=seed, similar=similar, said=said, role=role, names=TITLES), ("t", key, i))
            yield act, made, similar if "similar" in act else seed
            said = (*said, Said(role=role, act=act, text=made.fallback.text, notes=dict(made.fallback.notes)))


def requests(made: Script) -> str:
    """All that is sent for this turn, numbers of sampling settings apart."""
    return "\n".join(
        "\n".join([*(text for _, text in attempt.messages), str(attempt.sampling.get("grammar", ""))])
        for attempt in made.attempts
    )


def without(text: str, question: str) -> str:
    return text.replace(question, "")


@pytest.mark.parametrize("seed", [*MATHS, CARS, EGGS], ids=lambda seed: seed.id)
def test_no_request_holds_what_its_role_may_not_see(seed: Seed) -> None:
    for key in range(3):
        for act, made, target in played(seed, MATHS[key] if seed is not MATHS[key] else CARS, key):
            if act not in SECRET:
                continue
            solution = worked(target)
            assert solution is not None
            asked = {number.value for number in numbers(target.instruction)}
            sent = without(requests(made), target.instruction)
            leaked = [
                n.text for n in numbers(sent) if same_answer(n.text, target.answer or "") and n.value not in asked
            ]
            assert leaked == [], (act, target.instruction)
            assert solution.sums[-1].shown not in sent
            if act in ("pose", "correct", "pose_similar"):
                assert equations(sent) == []


@pytest.mark.parametrize("seed", [CARS, *MATHS[:12]], ids=lambda seed: seed.id)
def test_a_wrong_solution_shares_no_equation_from_its_mistake_on(seed: Seed) -> None:
    solution = worked(seed)
    assert solution is not None
    for key in range(20):
        made = script("err", Facts(seed=seed, role="student"), (key,)).fallback
        own = [equation.text for equation in equations(made.text)]
        right = [s.shown for s in solution.sums]
        used = [text for text in right if text in own]
        assert len(used) < len(right)
        assert right[-1] not in own


@pytest.mark.parametrize("seed", [CARS, EGGS, *MATHS], ids=lambda seed: seed.id)
def test_every_template_passes_the_checks_of_its_phase(seed: Seed) -> None:
    for act, made, target in played(seed, CARS if seed is EGGS else EGGS, 1):
        turn = CheckInput(target=target, text=made.fallback.text, role="student", phase=act)
        names = ["not_empty", "complete", "one_speaker", *CHECKED.get(act, "").split()]
        assert [(name, check(name, turn)) for name in names if check(name, turn).passed is not True] == []


def test_the_same_key_draws_the_same_script_and_another_key_another() -> None:
    def text(key: object) -> list[str]:
        return [requests(made) + made.fallback.text for _, made, _ in played(CARS, EGGS, hash(key) % 97)]

    assert text(1) == text(1)
    assert text(1) != text(2)


def test_lessons_are_not_all_alike() -> None:
    said = {script("correct", _facing("slip", key), (key,)).fallback.text for key in range(30)}
    assert len(said) > 20


def _facing(name: str, key: int) -> Facts:
    notes = {"misconception": name, "step": "1", "steps": "2", "used": "+", "should": "+", "number": "8"}
    said = Said(role="student", act="err", text="I do 14 + 8 = 12.", notes=notes)
    return Facts(seed=CARS, said=(said,), role="teacher")


@pytest.fixture
def revision() -> Script:
    notes = {"misconception": "operation", "step": "2", "steps": "2", "used": "+", "should": "-", "number": "5"}
    said = Said(role="student", act="err", text="So the answer is 27.", notes=notes)
    return script("revise", Facts(seed=CARS, said=(said,), role="student"), ("key",))


def test_what_the_grammar_allows_is_accepted(revision: Script) -> None:
    for attempt in revision.attempts:
        assert attempt.made_by == "worded"
        assert attempt.accept(revision.fallback.text) == revision.fallback
        assert attempt.accept(f"  {revision.fallback.text}\n") == revision.fallback


@pytest.mark.parametrize(
    ("old", "new"),
    [("22 - 5 = 17", "17"), ("22 - 5 = 17", "22 - 5 = 18"), ("14 + 8 = 22", "14 + 8 = 22 + 1"), ("17.", "17. And 3.")],
)
def test_what_loses_or_adds_a_number_is_not_accepted(revision: Script, old: str, new: str) -> None:
    text = revision.fallback.text
    assert old in text
    assert revision.attempts[0].accept(text.replace(old, new, 1)) is None


def test_no_text_at_all_is_not_accepted(revision: Script) -> None:
    assert revision.attempts[0].accept("") is None
    assert revision.attempts[0].accept("I cannot help with that.") is None


def test_what_err_did_is_what_correct_and_revise_speak_of() -> None:
    facts = _facing("operation", 0)
    notes = {"misconception": "operation", "step": "2", "steps": "2", "used": "+", "should": "-", "number": "5"}
    facts = facts.model_copy(update={"said": (facts.said[0].model_copy(update={"notes": notes}),)})
    hints = {script("correct", facts, (key,)).fallback.text for key in range(12)}
    assert any("added in the second step" in hint for hint in hints)
    assert all('"Then he gives 5 away."' in hint for hint in hints)
    admissions = {script("revise", facts, (key,)).fallback.text for key in range(12)}
    assert any("I added in the second step, but I should have subtracted." in text for text in admissions)


def test_a_wrong_turn_that_was_not_planted_is_diagnosed() -> None:
    text = "Tim has 14 + 8 = 22 cars. Then 22 + 5 = 27. The answer is 27."
    facts = Facts(seed=CARS, said=(Said(role="student", act="err", text=text),), role="teacher")
    made = script("correct", facts, ("key",))
    assert made.fallback.notes["misconception"] == "operation"
    assert made.fallback.notes["used"] == "+"


def test_a_right_answer_is_not_corrected() -> None:
    text = "14 + 8 = 22 and 22 - 5 = 17. The answer is 17."
    facts = Facts(seed=CARS, said=(Said(role="student", act="err", text=text),), role="teacher")
    made = script("correct", facts, ("key",)).fallback
    assert made.notes == {"right": "yes"}
    assert "17" not in made.text
    revised = script("revise", facts, ("key",)).fallback
    assert verify(revised.text, CARS) is True


@pytest.mark.parametrize(
    ("act", "seed", "similar", "reason"),
    [
        ("err", CARS, None, None),
        ("solve_similar", CARS, EGGS, None),
        ("solve_similar", CARS, None, "there is no similar question"),
        (
            "pose",
            Seed(instruction="Describe a tree.", response="Tall.", kind="general"),
            None,
            "worded agents play only maths seeds with a checkable answer",
        ),
        (
            "solve",
            Seed(instruction="How many?", response="It is 5.", answer="5", kind="math"),
            None,
            "the worked solution has no equations that the tool can read and that lead to the answer",
        ),
        (
            "err",
            Seed(instruction="Half of 2?", response="It is 50% of 2 = 1.", answer="1", kind="math"),
            None,
            "no planted mistake fits the worked solution",
        ),
    ],
)
def test_who_can_play_what(act: Act, seed: Seed, similar: Seed | None, reason: str | None) -> None:
    assert can_play(act, seed, similar) == reason


def test_only_the_misconceptions_asked_for_are_planted() -> None:
    facts = Facts(seed=CARS, role="student")
    planted = {script("err", facts, (key,), ["used_twice"]).fallback.notes["misconception"] for key in range(12)}
    assert planted == {"used_twice"}
    planted = {script("state", facts, (key,), ["used_twice", "misread"]).fallback.text for key in range(12)}
    assert {verify(text, CARS) for text in planted} == {False}
    reason = "none of the misconceptions carry, percent fits the worked solution"
    assert can_play("err", CARS, misconceptions=["carry", "percent"]) == reason
    assert can_play("revise", CARS, misconceptions=["carry", "percent"]) is None
    with pytest.raises(ValueError, match=f"err: {reason}"):
        script("err", facts, ("key",), ["carry", "percent"])


def test_an_own_error_is_of_the_misconceptions_asked_for() -> None:
    text = "There are 42 eggs and 6 in a box, so we need 42 / 6 = 8 boxes. The answer is 8."
    for misconceptions, accepted in ((None, True), (["misread", "operation"], False)):
        own = script("err", Facts(seed=EGGS, role="student"), ("key",), misconceptions).attempts[0]
        assert own.made_by == "model"
        assert (own.accept(text) is not None) is accepted


def test_a_script_that_cannot_be_played_says_why() -> None:
    seed = Seed(instruction="How many?", response="It is 5.", answer="5", kind="math")
    with pytest.raises(ValueError, match=r"solve: the worked solution has no equations that the tool can read"):
        script("solve", Facts(seed=seed, role="student"), ("key",))


def test_slots_as_grammar_test_and_template() -> None:
    slots = (('I "see".', "Oh."), ("The answer is 4.",))
    assert gbnf(slots) == 'root ::= s0 " " s1\ns0 ::= "I \\"see\\"." | "Oh."\ns1 ::= "The answer is 4."'
    assert said_within(slots, "Oh. The answer is 4.")
    assert not said_within(slots, "Oh. The answer is 4. ")
    assert not said_within(slots, "Oh.")
    assert said_within(slots, drawn(slots, "key"))


def test_own_errors_are_asked_for_only_where_they_may_stand() -> None:
    easy = script("err", Facts(seed=EGGS, role="student"), ("key",))
    assert [attempt.made_by for attempt in easy.attempts] == ["model", "worded", "worded"]
    assert "grammar" not in easy.attempts[0].sampling
    hard = script("err", Facts(seed=CARS, role="student"), ("key",))
    assert [attempt.made_by for attempt in hard.attempts] == ["worded", "worded"]


@pytest.mark.parametrize(
    ("text", "misconception"),
    [
        ("There are 42 eggs and 6 in a box, so we need 42 / 6 = 8 boxes. The answer is 8.", "slip"),
        ("A box holds 6 eggs, so 42 - 6 = 36 boxes are needed. The answer is 36.", None),  # far from 7
        ("A box holds 6 eggs, so 42 / 6 = 7 boxes are needed. The answer is 7.", None),  # right
        ("A box holds 6 eggs, so 42 / 6 = 8 boxes boxes are needed. The answer is 8.", None),  # doubled
        ("A box holds 6 quokkas, so 42 / 6 = 8 boxes are needed. The answer is 8.", None),  # unknown word
        ("A box holds 6 eggs, so 42 / 6 = 8 boxes are needed.", None),  # no explicit answer
        ("A box holds 6 eggs, so 42 / 6 = 8 boxes are needed. The answer is 9.", None),  # another one
        ("A box holds 6 eggs and 5 more, so 42 / 6 = 8 boxes. The answer is 8.", None),  # a number from nowhere
        ("A box holds ½ eggs, so 42 / 6 = 8 boxes are needed. The answer is 8.", None),
        ("The answer is 8.", None),
    ],
)
def test_the_gate_for_own_errors(text: str, misconception: str | None) -> None:
    accepted = script("err", Facts(seed=EGGS, role="student"), ("key",)).attempts[0].accept(text)
    assert (accepted.notes["misconception"] if accepted else None) == misconception


def test_a_right_own_statement_may_open_a_debate() -> None:
    text = "A box holds 6 eggs, so 42 / 6 = 7 boxes are needed. The answer is 7."
    accepted = script("state", Facts(seed=EGGS, role="student_a"), ("key",)).attempts[0].accept(text)
    assert accepted == Accepted(text, {"misconception": "none"})
