"""The conclusion of a debate: verified where it can be, else what most of the first answers say."""

from __future__ import annotations

import pytest

from master_autogen.checks import CheckFinding, CheckInput, check
from master_autogen.checks.majority import stated
from master_autogen.records import Kind, Seed

SUM = "What is 30 + 7?"
ROLES = ("student_a", "student_b")


def found(*said: str, answer: str | None = None, kind: Kind = "math", roles: tuple[str, ...] = ROLES) -> CheckFinding:
    """What the check finds of a debate in which these turns are spoken, the last by C."""
    seed = Seed(instruction=SUM, response="", answer=answer, kind=kind)
    turn = CheckInput(
        target=seed, text=said[-1], role="student_c", phase="conclude", said=said[:-1], speakers=roles[: len(said) - 1]
    )
    return check("majority", turn)


def numbers(*values: str) -> tuple[str, ...]:
    return tuple(f"The answer is {value}." for value in values)


@pytest.mark.parametrize(
    ("answers", "passed", "detail"),
    [
        (("37", "35", "37"), True, "as most say: 37, 35, 37"),
        (("35", "35", "37"), False, "says 37, most say 35: 35, 35, 37"),
        (("35", "36", "37"), None, "no two agree: 35, 36, 37"),
        (("1/2", "0.5", "1/2"), True, "as most say: 1/2, 0.5, 1/2"),
        (("37", "37"), True, "as most say: 37, 37"),
        (("35", "37"), None, "no two agree: 35, 37"),
    ],
)
def test_what_cannot_be_verified_has_to_be_what_most_say(
    answers: tuple[str, ...], passed: bool | None, detail: str
) -> None:
    assert found(*numbers(*answers)) == CheckFinding(passed=passed, detail=detail)


def test_who_gives_no_answer_does_not_vote() -> None:
    assert found("I am not sure.", *numbers("35", "37")).detail == "no two agree: -, 35, 37"
    assert found("I am not sure.", *numbers("37", "37")) == CheckFinding(passed=True, detail="as most say: -, 37, 37")
    unread = found(*numbers("37", "37"), "Both have a point.")
    assert unread == CheckFinding(passed=None, detail="no final answer found")


@pytest.mark.parametrize(
    ("answers", "passed", "detail"),
    [
        (("35", "35", "37"), True, "vote wrong of wrong, wrong, right: 35, 35, 37"),
        (("37", "35", "37"), True, "vote right of right, wrong, right: 37, 35, 37"),
        (("37", "37", "35"), False, "vote right of right, right, wrong: 37, 37, 35"),
        (("35", "35", "35"), False, "vote wrong of wrong, wrong, wrong: 35, 35, 35"),
        (("34", "35", "36"), False, "vote split of wrong, wrong, wrong: 34, 35, 36"),
    ],
)
def test_what_can_be_verified_is_and_no_majority_makes_it_right(
    answers: tuple[str, ...], passed: bool, detail: str
) -> None:
    assert found(*numbers(*answers), answer="37") == CheckFinding(passed=passed, detail=detail)


def test_a_vote_of_one_is_none() -> None:
    detail = found("I do not know.", "Nor do I.", *numbers("37"), answer="37").detail
    assert detail == "vote unread of unread, unread, right: -, -, 37"


def test_first_answers_vote_and_not_what_is_said_after_hearing_the_others() -> None:
    roles = ("student_a", "student_b", "student_a", "student_b")
    gives_way = numbers("37", "35", "35", "35", "37")
    assert found(*gives_way, roles=roles) == CheckFinding(passed=True, detail="as most say: 37, 35, 37")
    late = ("Let me think.", *numbers("35", "37", "36", "37"))
    assert found(*late, roles=roles).detail == "as most say: 37, 35, 37"


@pytest.mark.parametrize(
    ("kind", "text", "answer"),
    [
        ("choice", "So the answer is (b).", "b"),
        ("choice", "So the answer is (B).", "B"),
        ("choice", "#### C", "C"),
        ("general", "It is old. The answer is the Nile.", "the Nile"),
        ("general", "The answer is: Paris, in France. I am sure.", "Paris, in France"),
        ("general", "The answer is that one has to weigh many things first.", None),
        ("general", "I like 12 of them.", None),
        ("math", "She has 30 + 7 = 37 apples.", "37"),
        ("math", "No idea.", None),
    ],
)
def test_answers_that_can_be_counted(kind: Kind, text: str, answer: str | None) -> None:
    assert stated(text, Seed(instruction=SUM, response="", kind=kind)) == answer


def test_short_texts_are_the_same_whatever_their_case_and_article() -> None:
    said = ("The answer is the Nile.", "The answer is Congo.", "The answer is Nile")
    assert found(*said, kind="general").passed is True
