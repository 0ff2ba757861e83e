"""Debates: B answers A with the truth about A's mistake, C weighs both by name."""

from __future__ import annotations

import pytest

from master_autogen.checks import verify
from master_autogen.records import Act, Seed
from master_autogen.wording import Accepted, Facts, Said, script
from master_autogen.wording.diagnosis import certain, diagnose
from master_autogen.wording.mistakes import mistake_for

CARS = Seed(
    instruction="Tim has 14 toy cars and buys 8 more. Then he gives 5 away. How many toy cars does he have now?",
    response="Tim buys 8 more, so he has 14 + 8 = 22 toy cars. After giving 5 away he has 22 - 5 = 17 toy cars. "
    "The answer is 17.",
    answer="17",
    kind="math",
)
TITLES = {"student_a": "Student A", "student_b": "Student B", "student_c": "Student C"}
RIGHT = "Tim has 14 + 8 = 22 cars. Then he has 22 - 5 = 17 cars. The answer is 17."
SWAP = {
    "misconception": "operation",
    "step": "2",
    "steps": "2",
    "used": "+",
    "should": "-",
    "number": "5",
    "final": "27",
}


def say(act: Act, *said: Said, key: object = "key") -> Accepted:
    return script(act, Facts(seed=CARS, said=said, role="student_b", names=TITLES), (key,)).fallback


def a(text: str = "I add 22 and 5. The answer is 27.", **notes: str) -> Said:
    return Said(role="student_a", act="state", text=text, notes=notes)


def b(text: str, **notes: str) -> Said:
    return Said(role="student_b", act="challenge", text=text, notes=notes)


def test_b_names_what_is_wrong_with_a() -> None:
    said = [say("challenge", a(**SWAP), key=key) for key in range(30)]
    assert all("Student A" in turn.text for turn in said)
    assert any("You added in the second step, but I think we have to subtract." in turn.text for turn in said)
    assert {turn.notes["misconception"] for turn in said} >= {"doubts", "misread"}


def test_b_has_another_answer_than_a_and_does_what_b_asks_for() -> None:
    for key in range(30):
        notes = say("challenge", a(**SWAP), key=key).notes
        assert notes.get("final") != "27"
        assert not (notes["misconception"] == "operation" and notes["step"] == "2")
        assert notes["misconception"] not in ("stopped_early", "skipped_step", "step_order")


def test_b_finds_no_fault_in_a_right_answer_or_errs() -> None:
    said = [say("challenge", a(RIGHT), key=key) for key in range(20)]
    kinds = {turn.notes["misconception"] for turn in said}
    assert "agrees" in kinds
    assert kinds - {"agrees"}
    assert all(verify(turn.text, CARS) is False for turn in said if turn.notes["misconception"] != "agrees")


def test_later_exchanges_answer_and_give_no_result() -> None:
    other = b("I do 14 - 8 = 6. The answer is 6.", misconception="operation", step="1", steps="2", used="-", should="+")
    reply = say("state", a(**SWAP), other)
    assert reply.notes == {"misconception": "replies"}
    assert "Student B" in reply.text
    assert "subtract" in reply.text
    assert "=" not in reply.text


@pytest.mark.parametrize(
    ("first", "second", "parts"),
    [
        (
            a(**SWAP),
            b("The answer is 6.", misconception="operation", step="1", steps="2", used="-", should="+", objected="yes"),
            ["27", "6", "Student A", "Student B", "subtract", "add"],
        ),
        (a(**SWAP), b("Hm.", misconception="doubts"), ["27", "Student B"]),
        (
            a(RIGHT),
            b("The answer is 6.", misconception="operation", step="1", steps="2", used="-", should="+"),
            ["17", "6"],
        ),
        (a(RIGHT), b("I agree.", misconception="agrees"), []),
        (a("It is hard."), b("Yes, it is."), []),
    ],
)
def test_c_weighs_both_and_is_right(first: Said, second: Said, parts: list[str]) -> None:
    for key in range(10):
        conclusion = say("conclude", first, second, key=key)
        assert verify(conclusion.text, CARS) is True
        assert [part for part in parts if part not in conclusion.text] == []


def test_c_never_calls_a_wrong_answer_right() -> None:
    for key in range(20):
        text = say("conclude", a(**SWAP), b("The answer is 19.", misconception="other"), key=key).text
        assert "is right." not in text.replace("is right about that.", "")
        assert "agree with" not in text.replace("do not agree with", "")


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("14 + 8 = 22, 22 - 5 = 17. The answer is 17.", {"misconception": "none"}),
        (
            "14 + 8 = 22. Then 22 + 5 = 27. The answer is 27.",
            {
                "misconception": "operation",
                "step": "2",
                "steps": "2",
                "used": "+",
                "should": "-",
                "number": "5",
                "final": "27",
            },
        ),
        (
            "8 + 14 = 21. Then 21 - 5 = 16. The answer is 16.",
            {
                "misconception": "slip",
                "step": "1",
                "steps": "2",
                "used": "+",
                "should": "+",
                "number": "8",
                "final": "16",
            },
        ),
        (
            "41 + 8 = 49. Then 49 - 5 = 44. The answer is 44.",
            {
                "misconception": "misread",
                "step": "1",
                "steps": "2",
                "used": "+",
                "should": "+",
                "number": "14",
                "read": "41",
                "final": "44",
            },
        ),
        (
            "Tim has 14 + 8 = 22. The answer is 22.",
            {"misconception": "stopped_early", "step": "1", "steps": "1", "should": "-", "number": "5", "final": "22"},
        ),
        ("14 * 8 * 5 = 560. The answer is 560.", {"misconception": "other", "step": "1", "steps": "1", "final": "560"}),
        ("No idea.", {"misconception": "other", "step": "1", "steps": "0"}),
    ],
)
def test_diagnosis(text: str, notes: dict[str, str]) -> None:
    assert diagnose(text, CARS) == notes
    assert certain(notes) is (notes["misconception"] not in ("other", "none"))


def test_b_only_doubts_where_no_second_mistake_fits() -> None:
    other = a("I do 14 * 8 * 5 = 560. The answer is 560.")
    facts = Facts(seed=CARS, said=(other,), role="student_b", names=TITLES)
    said = [script("challenge", facts, (key,), ["percent"]).fallback for key in range(10)]
    assert {turn.notes["misconception"] for turn in said} == {"doubts"}
    assert any("I do not see how your steps fit the question." in turn.text for turn in said)
    assert {verify(turn.text, CARS) for turn in said} == {None}
    right = facts.model_copy(update={"said": (a(RIGHT),)})
    said = [script("challenge", right, (key,), ["percent"]).fallback for key in range(10)]
    assert {turn.notes["misconception"] for turn in said} == {"agrees"}


def test_planted_mistakes_go_by_the_key() -> None:
    kinds = {wrong.name for key in range(60) if (wrong := mistake_for(CARS, key))}
    assert kinds == {"operation", "misread", "off_by_one", "used_twice", "stopped_early", "skipped_step"}
    first, again = mistake_for(CARS, "key"), mistake_for(CARS, "key")
    assert first == again
