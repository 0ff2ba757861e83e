"""The English phrasings: enough of them, none with a number, every one can be filled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from master_autogen.arithmetic import numbers
from master_autogen.prompts import fill
from master_autogen.records import Act
from master_autogen.wording.malrules import RULES
from master_autogen.wording.mistakes import mistake_of, values, where, why
from master_autogen.wording.phrases import english, filled, pick
from master_autogen.wording.script import PLAYS

ENGLISH = english()
NOTES = {
    "operation": {"used": "+", "should": "-", "number": "5"},
    "misread": {"number": "24", "read": "42"},
    "slip": {"used": "*", "should": "*"},
    "carry": {"used": "*", "should": "*"},
    "borrow": {"used": "-", "should": "-"},
    "times_table": {"used": "/", "should": "/"},
    "skipped_step": {"number": "5"},
    "used_twice": {"number": "5"},
    "percent": {"number": "5"},
    "additive": {"used": "+", "should": "*", "number": "5"},
    "comparison": {"number": "5", "should": "+"},
    "percent_base": {"number": "5"},
    "unit": {"large": "hours", "small": "minutes"},
    "zeros": {"used": "*", "should": "*"},
    "step_order": {"used": "+", "should": "*"},
}


def lists() -> Iterator[tuple[str, list[str]]]:
    yield from ENGLISH.lists.items()
    yield from ((f"concepts.{name}", some) for name, some in ENGLISH.concepts.items())
    for name, mistake in ENGLISH.mistakes.items():
        for part in ("where", "admit", "doubt", "weigh"):
            yield f"{name}.{part}", getattr(mistake, part)
        yield from ((f"{name}.why.{kind}", some) for kind, some in mistake.why.items())


@pytest.mark.parametrize(("name", "phrases"), list(lists()), ids=lambda value: value if isinstance(value, str) else "")
def test_a_slot_has_five_different_phrasings_without_numbers(name: str, phrases: list[str]) -> None:
    assert len(set(phrases)) == len(phrases) >= 5
    assert [phrase for phrase in phrases if numbers(phrase)] == []
    assert [phrase for phrase in phrases if phrase.rstrip('"')[-1] not in ".?}"] == []


def test_every_rule_has_its_words_and_every_act_its_prompt() -> None:
    assert set(ENGLISH.mistakes) == {*RULES, "slip", "other"}
    assert set(ENGLISH.prompts) == set(PLAYS) == set(Act.__args__)


@pytest.mark.parametrize("steps", ["1", "3"])
@pytest.mark.parametrize("name", [*RULES, "slip", "other"])
def test_everything_said_of_a_mistake_can_be_filled(name: str, steps: str) -> None:
    notes = {"misconception": name, "step": "1", "steps": steps, **NOTES.get(name, {})}
    mistake = mistake_of(notes)
    for phrase in [*mistake.where, *mistake.admit, *mistake.doubt, *mistake.weigh]:
        text = fill(phrase, values(notes, name="Student A"))
        assert "{" not in text
        assert "  " not in text
        assert (" in the first step" in text) <= (steps == "3")
    assert len(why(notes, "Tom has 5.", 5, "key")) == 5


def test_where() -> None:
    assert where({"step": "2", "steps": "3"}, ENGLISH) == " in the second step"
    assert where({"step": "1", "steps": "1"}, ENGLISH) == ""
    assert where({"step": "12", "steps": "14"}, ENGLISH) == ""


def test_a_difference_is_not_something_that_goes_away() -> None:
    notes = {"misconception": "operation", "used": "+", "should": "-", "step": "1", "steps": "1"}
    assert "Something goes away there." in why(notes, "He gives 5 away. How many are left?", 5, "key")
    assert "A difference is asked for there." in why(notes, "How many more has he?", 5, "key")


def test_draws() -> None:
    options = ["a", "b", "c", "d"]
    assert pick(options, 2, "key") == pick(options, 2, "key")
    assert sorted(pick(options, 9, "key")) == options
    assert len({pick(options, 1, key) for key in range(40)}) == 4
    assert filled(["{{ x }}", "{{ x }}"], {"x": 1}, 2, "key") == ("1",)


def test_shown_examples_are_wrong_and_readable() -> None:
    for example in ENGLISH.own.examples:
        assert "The answer is" in example.answer
