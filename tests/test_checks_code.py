"""Programming answers by the seed's tests: what is told of them, and that nothing is run unasked."""

from __future__ import annotations

import pytest

from master_autogen.checks import CheckInput, check, verify
from master_autogen.checks.code import judge_code
from master_autogen.records import CodeCheck, Seed
from master_autogen.seeds import bundled

ADD = Seed(
    instruction="Write a function `add(a, b)` that adds.",
    response="```python\ndef add(a, b):\n    return a + b\n```",
    answer="assert add(1, 2) == 3\nassert add(2, 2) == 4, 'four'",
    kind="code",
)
CODE = [seed for seed in bundled().seeds if seed.kind == "code"]


def find(name: str, text: str, seed: Seed = ADD, code_check: CodeCheck = "rlimit") -> tuple[bool | None, str]:
    finding = check(name, CheckInput(target=seed, text=text, role="student", phase="say", code_check=code_check))
    return finding.passed, finding.detail


def program(body: str) -> str:
    return f"Like this:\n```python\ndef add(a, b):\n    {body}\n```\nThat adds."


@pytest.mark.parametrize(
    ("text", "right", "detail"),
    [
        (program("return a + b"), True, "passes the tests"),
        (program("return 3"), False, "fails assert add(2, 2) == 4, 'four'"),
        (program("return a / 0"), False, "stops with ZeroDivisionError at assert add(1, 2) == 3"),
        (program("raise type('Secret', (Exception,), {})"), False, "stops with an error of its own at assert add(1, 2) == 3"),
        (program("return a + b") + "\n```python\nadd = 1 / 0\n```", False, "the program stops with ZeroDivisionError before its tests"),
        (program("import os; os._exit(0)"), False, "the program ended before its tests did"),
        (program("return a +"), False, "the program is not valid Python"),
        (program("import numpy"), None, "the program needs what the sandbox does not give (ModuleNotFoundError)"),
        ("I would add them.", None, "no program found that defines what the tests call"),
    ],
)  # fmt: skip
def test_what_is_told_of_a_program(text: str, right: bool | None, detail: str) -> None:
    assert find("right_answer", text) == (right, detail)
    assert find("wrong_answer", text) == (None if right is None else not right, detail)


def test_nothing_is_run_unasked() -> None:
    assert find("right_answer", ADD.response, code_check="off") == (None, "programs are not run (--code-check is off)")
    assert find("no_leak", ADD.response, code_check="off") == (None, "the seed has no checkable answer")
    assert verify(ADD.response, ADD) is None
    assert verify(ADD.response, ADD, code_check="rlimit") is True


def test_a_teacher_gives_a_program_away_only_if_it_passes() -> None:
    assert find("no_leak", program("return a + b")) == (False, "gives the answer away: its program passes")
    assert find("no_leak", program("return a - b")) == (True, "")
    assert find("no_leak", "What does + do?") == (True, "")


def test_a_conclusion_of_a_debate_is_run_too() -> None:
    said, speakers = (program("return a - b"), "Why not a sum?"), ("student_a", "student_b")

    def concluded(text: str) -> tuple[bool | None, str]:
        turn = CheckInput(
            target=ADD, text=text, role="student_c", phase="say", said=said, speakers=speakers, code_check="rlimit"
        )
        finding = check("majority", turn)
        return finding.passed, finding.detail

    assert concluded(program("return a + b")) == (True, "vote unread of wrong, unread, right: -, -, -")
    assert concluded(program("return a * b")) == (False, "vote unread of wrong, unread, wrong: -, -, -")


def test_seeds_whose_tests_tell_nothing() -> None:
    none = ADD.model_copy(update={"answer": None})
    assert find("right_answer", ADD.response, none) == (None, "the seed has no checkable answer")
    assert judge_code(ADD.response, none, "rlimit") == (None, "the seed has no tests")
    for tests, why in (("42", "the seed's tests assert nothing"), ("assert (", "the seed's tests cannot be read")):
        assert find("right_answer", ADD.response, ADD.model_copy(update={"answer": tests})) == (None, why)


def test_what_is_checkable_by_running() -> None:
    assert [ADD.checkable, ADD.checkable_by("off"), ADD.checkable_by("rlimit")] == [False, False, True]
    assert not ADD.model_copy(update={"answer": None}).checkable_by("rlimit")
    assert ADD.model_copy(update={"kind": "math"}).checkable_by("off")


@pytest.mark.parametrize("seed", CODE, ids=lambda seed: seed.id)
def test_bundled_programs_pass_their_tests_and_do_not_when_they_return_nothing(seed: Seed) -> None:
    assert find("right_answer", seed.response, seed) == (True, "passes the tests")
    head, colon, body = seed.response.partition("):\n")
    indent = body[: len(body) - len(body.lstrip())]
    assert verify(f"{head}{colon}{indent}return None\n{body}", seed, code_check="rlimit") is False
    assert 3 <= (seed.answer or "").count("assert") <= 5
