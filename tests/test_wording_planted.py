"""Planted mistakes as a student tells them: wrong, with the named misconception, the same for the same key."""

from __future__ import annotations

import pytest

from master_autogen.checks import verify
from master_autogen.records import Seed
from master_autogen.wording import plant

CARS = Seed(
    instruction="Tim has 14 toy cars and buys 8 more. Then he gives 5 away. How many toy cars does he have now?",
    response="Tim buys 8 more, so he has 14 + 8 = 22 toy cars. After giving 5 away he has 22 - 5 = 17 toy cars. "
    "The answer is 17.",
    answer="17",
    kind="math",
)


def test_the_text_follows_the_mistake_to_its_answer() -> None:
    planted = plant(CARS, ("key",), "operation")
    assert planted is not None
    assert planted.misconception == planted.notes["misconception"] == "operation"
    assert "14 + 8 = 22" in planted.text
    assert "22 + 5 = 27" in planted.text
    assert planted.text.endswith("The answer is 27.")
    assert planted.notes == {
        "misconception": "operation", "planted": "yes", "step": "2", "steps": "2", "final": "27", "used": "+",
        "should": "-", "number": "5",
    }  # fmt: skip


def test_every_text_is_wrong_and_goes_by_the_key() -> None:
    texts = {planted.text for key in range(30) if (planted := plant(CARS, (key,)))}
    assert len(texts) > 15
    assert {verify(text, CARS) for text in texts} == {False}
    assert plant(CARS, ("one",)) == plant(CARS, ("one",))


def test_only_the_named_misconceptions_are_planted() -> None:
    kinds = {
        planted.misconception
        for key in range(30)
        if (planted := plant(CARS, (key,), among=["operation", "used_twice"]))
    }
    assert kinds == {"operation", "used_twice"}
    assert plant(CARS, ("key",), "percent") is None


@pytest.mark.parametrize("response", ["It is 17.", "He has 14 + 8 = 22. The answer is 22."])
def test_no_solution_that_can_be_read_no_mistake(response: str) -> None:
    assert plant(CARS.model_copy(update={"response": response}), ("key",)) is None
