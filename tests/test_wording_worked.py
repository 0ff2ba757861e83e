"""Worked solutions taken apart and put together again in other words."""

from __future__ import annotations

from fractions import Fraction

import pytest

from master_autogen.arithmetic import equations, numbers
from master_autogen.records import Seed
from master_autogen.seeds import bundled
from master_autogen.wording.paraphrase import Place, alternatives, unit_of
from master_autogen.wording.phrases import english
from master_autogen.wording.question import asked, keyword, lower_first, names, quote, quote_asked, quote_words, thing
from master_autogen.wording.worked import Sentence, Worked, make_sum, show, value_of, worked

ONLY = Place(True, True)
NAMES = frozenset({"Tim", "I"})
CARS = "Tim has 9 toy cars and buys 6 more. Then he gives 4 away. How many toy cars does he have?"


def solved(response: str, answer: str) -> Worked | None:
    return worked(Seed(instruction="?", response=response, answer=answer, kind="math"))


def test_a_sentence_around_a_sum() -> None:
    solution = solved("Tim has 9 + 6 = 15 toy cars. Then he rests. The answer is 15.", "15")
    assert solution is not None
    first, second = solution.sentences
    assert (first.before, first.after) == ("Tim has", "toy cars")
    assert first.sum == make_sum(("9", "6"), "+", "15")
    assert second == Sentence("Then he rests.")
    assert solution.text == "Tim has 9 + 6 = 15 toy cars. Then he rests."


def test_calculator_notes_money_and_lines() -> None:
    solution = solved("She makes 8*18 = $<<8*18=144.00>>144.00 a day\nMr. Hill adds $5 + $144 = $149\n#### 149", "149")
    assert solution is not None
    assert [sentence.text for sentence in solution.sentences] == [
        "She makes 8 * 18 = $144.00 a day.",
        "Mr. Hill adds $5 + $144 = $149.",
    ]
    assert solution.answer == "$149"


def test_sums_of_several_numbers_and_sums_that_are_only_copied() -> None:
    solution = solved("In all 6 minutes + 2 minutes + 5 minutes = 13 minutes. That is 50% of 26 = 13. #### 13", "13")
    assert solution is not None
    several, copied = solution.sums
    assert (several.operands, several.ops, several.binary) == (("6", "2", "5"), ("+", "+"), False)
    assert (copied.shown, copied.ops) == ("50% of 26 = 13", ())


@pytest.mark.parametrize(
    "text",
    [
        "Half of them is ½ * 8 = 4.",
        r"Half of them is \frac{1}{2} * 8 = 4.",
        r"Half of them is \frac{8}{2} = 4.",
        r"Half of them is 8 \text{ eggs} \div 2 = \boxed{4}.",
        r"Of 1{,}200 - 1{,}196 = 4 he knows.",
    ],
)
def test_latex_and_signs_for_fractions_are_left_as_they_are(text: str) -> None:
    solution = solved(f"{text} So 4 * 2 = 8 eggs. The answer is 8.", "8")
    assert solution is not None
    assert solution.sentences[0] == Sentence(text)
    assert solution.steps == (1,)


def test_percent_signs_and_brackets_that_change_nothing_are_read() -> None:
    solution = solved("That is 80 * 5% = 4. Then (1/2) * 4 = 2 and 2 * (3 + 4) = 14. So 20% - 5% = 15%. #### 15", "15")
    assert solution is not None
    percent, difference = solution.sums
    assert (percent.operands, percent.values) == (("80", "5%"), (Fraction(80), Fraction(1, 20)))
    assert (difference.operands, difference.value, difference.result) == (("20%", "5%"), Fraction(15, 100), "15%")
    half = solved("Then (1/2) * 4 = 2.", "2")
    assert half is not None
    assert (half.sums[0].operands, half.sums[0].ops) == (("1", "2", "4"), ("/", "*"))
    for kept in ("2 * (3 + 4) = 14", "12 / (3 * 2) = 2"):
        solution = solved(f"So {kept}.", kept.split()[-1])
        assert solution is not None
        assert (solution.sums[0].shown, solution.sums[0].ops) == (kept, ())


def test_percentages_are_shown_as_such() -> None:
    assert (show(Fraction(3, 20), "5%"), show(Fraction(1, 3), "20%"), value_of("$1,200")) == ("15%", "33.33%", 1200)


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("It is simply 15.", "15"),  # no equation
        ("Tim has 9 + 6 = 16 cars. Then 16 - 1 = 15. The answer is 15.", "15"),  # a false one
        ("Tim has 9 + 6 = 15 cars. The answer is 15.", "14"),  # another result
    ],
)
def test_solutions_that_cannot_be_read(response: str, answer: str) -> None:
    assert solved(response, answer) is None


def other_ways(before: str, after: str, *, bare: bool = False, place: Place = ONLY) -> set[str]:
    sentence = Sentence(before, make_sum(("15", "4"), "-", "11"), after, bare)
    return {text for key in range(40) for text in alternatives(sentence, place, NAMES, key)}


def test_ways_to_say_a_sentence() -> None:
    ways = other_ways("Tim has", "toy cars left")
    assert "Tim has 15 - 4 = 11 toy cars left." in ways
    assert "Tim has 11 toy cars left, because 15 - 4 = 11." in ways
    assert "I take 4 away from 15: 15 - 4 = 11. So Tim has 11 toy cars left." in ways
    assert "I subtract 4 from 15, so Tim has 15 - 4 = 11 toy cars left." in ways
    assert "I work out 15 - 4 = 11, so Tim has 11 toy cars left." in ways


def test_ways_to_say_a_cause() -> None:
    ways = other_ways("Tim gives 4 away, so he has", "toy cars")
    assert ways == {
        "Tim gives 4 away, so he has 15 - 4 = 11 toy cars.",
        "Tim gives 4 away. That means he has 15 - 4 = 11 toy cars.",
        "Because Tim gives 4 away, he has 15 - 4 = 11 toy cars.",
        "Tim gives 4 away, and 15 - 4 = 11. So he has 11 toy cars.",
        "Tim gives 4 away. I subtract 4 from 15, so he has 15 - 4 = 11 toy cars.",
        "Tim gives 4 away. I take 4 away from 15, so he has 15 - 4 = 11 toy cars.",
    }


def test_a_bare_sum_keeps_only_what_it_counts() -> None:
    ways = other_ways("After giving 4 away he has", "more toy cars on the shelf", bare=True)
    assert "I do 15 - 4 = 11 toy cars." in ways
    assert not any("giving" in way or "shelf" in way for way in ways)


def test_what_cannot_be_turned_round_stays() -> None:
    assert other_ways("First find the rest:", "cars") == {"First find the rest: 15 - 4 = 11 cars."}
    assert other_ways("Tim has", "cars, which is less") == {"Tim has 15 - 4 = 11 cars, which is less."}


def test_openings_go_by_the_place() -> None:
    last = other_ways("Then there are", "cars", place=Place(False, True))
    assert not any(way.startswith(("First", "To begin")) for way in last)
    assert "So there are 15 - 4 = 11 cars." in last


@pytest.mark.parametrize("seed", [seed for seed in bundled().seeds if seed.kind == "math"], ids=lambda seed: seed.id)
def test_no_way_to_say_a_bundled_solution_changes_a_number(seed: Seed) -> None:
    solution = worked(seed)
    assert solution is not None
    known = names(f"{seed.instruction} {seed.response}", frozenset(english().function_words))
    for i, sentence in enumerate(solution.sentences):
        for key in range(6):
            for text in alternatives(sentence, Place(i == 0, False), known, key, i):
                assert [e.text for e in equations(text)] == [e.text for e in equations(sentence.text)]
                assert {n.value for n in numbers(text)} == {n.value for n in numbers(sentence.text)}
                assert "  " not in text
                assert text.endswith(".")
                assert text[0].isupper() or text[0].isdigit()


@pytest.mark.parametrize(
    ("after", "result", "unit"),
    [
        ("more toy cars on the shelf", "11", "toy cars"),
        ("boxes left", "4", "boxes"),
        ("boxes.", "4", "boxes"),
        ("a week", "$4", ""),
        ("of them", "4", ""),
        ("", "4", ""),
    ],
)
def test_units(after: str, result: str, unit: str) -> None:
    assert unit_of(after, result, english()) == unit


def test_what_a_question_shows() -> None:
    assert asked(CARS) == "How many toy cars does he have?"
    assert thing(CARS) == "toy cars"
    assert thing("How many more cars has he?") is None
    assert quote(CARS, "4") == "Then he gives 4 away."
    assert quote(CARS, "11") is None
    assert quote("Tim has 9 cars and 4 more. How many?", "4") == "Tim has 9 cars and 4 more."
    assert quote("How many are 9 and 4?", "4") is None
    assert quote_asked(CARS) == "How many toy cars does he have?"
    assert keyword("Each box has 4.", {"all": ["in all"], "same": ["each"]}) == ("same", "each")
    assert keyword("None.", {"same": ["each"]}) is None


def test_names_keep_their_capital() -> None:
    known = names("Rosa bakes rolls. Without Omar there are few. Each roll is small.", frozenset({"without", "each"}))
    assert lower_first("Rosa bakes", known) == "Rosa bakes"
    assert lower_first("Without Omar", known) == "without Omar"
    assert lower_first("Each roll", known) == "each roll"


def test_the_sentence_that_holds_the_words() -> None:
    question = "Leo has 12 stamps. Mia has twice  as many stamps. How many have the two together?"
    assert quote_words(question, "twice  as") == "Mia has twice as many stamps."
    assert quote_words(question, "stamps") is None  # in two sentences
    assert quote_words("Mia has twice as many as 3.", "twice as") is None  # the only sentence
