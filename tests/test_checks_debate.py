"""A conclusion that weighs the debate, and one that only solves."""

from __future__ import annotations

import pytest

from master_autogen.checks import CheckInput, check
from master_autogen.records import Seed

BUS = Seed(
    instruction="There are 18 people on a bus. 7 get off, and 4 get on. How many people are on the bus now?",
    response="After 7 get off there are 18 - 7 = 11 people. With 4 more it is 11 + 4 = 15. The answer is 15.",
    answer="15",
    kind="math",
)
A = "I put everything together: 18 + 7 + 4 = 29. The answer is 29."
B = "Passengers leave first, so 18 - 7 = 11, and that is where I stop. The answer is 11."


def weighs(text: str, seed: Seed = BUS, said: tuple[str, ...] = (A, B)) -> tuple[bool | None, str]:
    speakers = ("student_a", "student_b")[: len(said)]
    turn = CheckInput(target=seed, text=text, role="student_c", phase="conclude", said=said, speakers=speakers)
    finding = check("weighs_debate", turn)
    return finding.passed, finding.detail


@pytest.mark.parametrize(
    "text",
    [
        "Student A adds what should go away. The answer is 15.",
        "A's first step does not hold. The answer is 15.",
        "I side with B at first, but 4 get on. The answer is 15.",
        "Both of them miss something. The answer is 15.",
        "The second student stops too early. The answer is 15.",
        "It is tempting: I put everything together: 18 + 4. The answer is 15.",
        "It cannot be 29. The answer is 15.",
        "Passengers leave the bus, but a stop comes next where some get on. The answer is 15, as I put it to leave.",
    ],
)
def test_a_conclusion_that_takes_up_what_was_said(text: str) -> None:
    assert weighs(text) == (True, "")


def test_a_conclusion_that_only_solves() -> None:
    nothing = (False, "takes up nothing of what the others said")
    assert weighs("Four board, hence fifteen. The answer is 15.") == nothing
    assert weighs("A bus has 18 people, and a student boards. The answer is 15.") == nothing
    assert weighs(BUS.response) == (None, "could not tell whether it takes up what was said or solves by itself")


def test_nothing_was_said() -> None:
    assert weighs("The answer is 15.", said=()) == (None, "nothing was said before it")


def test_letters_are_options_in_multiple_choice() -> None:
    seed = Seed(instruction="Which? A: red B: blue", response="B", answer="B", kind="choice")
    assert weighs("I take red or B.", seed, ("Blue fits the sky.",)) == (
        False,
        "takes up nothing of what the others said",
    )
