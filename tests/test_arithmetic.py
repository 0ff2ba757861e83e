"""Arithmetic read from text: hand-computed numbers, and "could not tell" where a guess would be wrong."""

from __future__ import annotations

from fractions import Fraction

import pytest

from master_autogen.arithmetic import Final, equations, final_answer, numbers, read_final, same_answer, signature


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5,000 people, $2.50 and .5", ["5000", "5/2", "1/2"]),
        ("forty-two or two hundred and six", ["42", "206"]),
        ("2 1/2 cups, 2½ cups, ¾ cup", ["5/2", "5/2", "3/4"]),
        ("the 3rd of 12", ["12"]),
        ("Omar has sixteen twenties", ["16"]),
        ("none", []),
    ],
)
def test_numbers(text: str, values: list[str]) -> None:
    assert [str(number.value) for number in numbers(text)] == values


def test_numbers_know_where_they_stand_and_whether_they_are_words() -> None:
    first, second = numbers("He buys 12 eggs and seven rolls.")
    assert (first.text, first.span, first.words) == ("12", (8, 10), False)
    assert (second.text, second.span, second.words) == ("seven", (20, 25), True)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He has 9 + 6 = 15 cars.", [("9 + 6 = 15", True)]),
        ("15 - 4 = 12", [("15 - 4 = 12", False)]),
        ("7 – 2 = 5 and 7 − 2 = 5", [("7 – 2 = 5", True), ("7 − 2 = 5", True)]),
        ("6 x 7 = 42, 6×7=42, 42 ÷ 6 = 7", [("6 x 7 = 42", True), ("6×7=42", True), ("42 ÷ 6 = 7", True)]),
        ("$5 * 3 = $15", [("$5 * 3 = $15", True)]),
        ("1,200 + 300 = 1,500", [("1,200 + 300 = 1,500", True)]),
        ("5 apples + 3 apples = 8 apples", [("5 apples + 3 apples = 8", True)]),
        ("2 + 3 * 4 = 14, (2 + 3) * 4 = 20", [("2 + 3 * 4 = 14", True), ("(2 + 3) * 4 = 20", True)]),
        ("-5 + 8 = 3 and 10 - 12 = -2", [("-5 + 8 = 3", True), ("10 - 12 = -2", True)]),
        ("6 times 7 is 40.", [("6 times 7 is 40", False)]),
        ("15 apples plus 5 apples is 20", [("15 apples plus 5 apples is 20", True)]),
        ("48/2 = <<48/2=24>>24 clips", [("48/2 = <<48/2=24>>24", True)]),
        ("15 = 3 * 5", [("15 = 3 * 5", True)]),
        ("x = 5 + 3", []),
        ("a 10-minute walk", []),
    ],
)
def test_equations(text: str, found: list[tuple[str, bool]]) -> None:
    assert [(equation.text, equation.true) for equation in equations(text)] == found


@pytest.mark.parametrize(
    ("text", "true"),
    [
        ("20% of 50 = 10", True),
        ("20% of 50 = 1000", False),
        ("100% - 20% = 80%", True),
        ("20 / 50 * 100 = 40%", True),
        ("60% * 40% = 24%", True),
        ("1/2 of 8 = 4", True),
        ("½ * 8 = 4", True),
        ("10 / 3 = 3.33", True),
        ("2 / 3 = 0.66", True),
        ("10 / 3 = 3", False),
        ("7 * 0.5 = 3.4", False),
        ("18*.5 = $9.00", True),
        (r"\(6 \times 7 = 42\)", True),
        (r"\frac{1}{2} * 8 = 4", True),
        ("**6 * 7 = 43**", False),
        ("- 5 + 3 = 8", True),
        ("3 * 4 = 6 * 2 = 12", True),
        ("5 + 3 = 9 - 2 = 7", False),
    ],
)
def test_whether_an_equation_holds(text: str, true: bool) -> None:
    assert [equation.true for equation in equations(text)] == [true]


@pytest.mark.parametrize(
    "text",
    [
        "5 + 3 = 8 - 2 = 6",  # a run-on
        "3x + 5 = 20",  # a variable
        "2(3 + 4) = 14",  # what stands before the bracket belongs to it
        "all of the crayons that there are total - 8 - 6 = 10",  # the left side starts before
        "2 litres = 1000 * 2 = 2000",  # another unit
        "8 / 0 = 0",
        "24 degrees / 3 degrees/5% = 8",
        "0900 - 0130 = 0730",
    ],
)
def test_what_cannot_be_told(text: str) -> None:
    assert [equation.true for equation in equations(text)] == [None]


def test_an_equation_in_fractions() -> None:
    (equation,) = equations("20% of 50 apples = 10 apples")
    assert equation.operands == (Fraction(1, 5), Fraction(50))
    assert equation.operators == ("*",)
    assert equation.result == 10
    assert equation.text == "20% of 50 apples = 10"
    assert equation.span == (0, 21)


def test_equations_end_with_the_line() -> None:
    assert [e.text for e in equations("a = 2 * 3 = 6 hours\nb = 2 * 4 = 8 hours")] == ["2 * 3 = 6", "2 * 4 = 8"]


@pytest.mark.parametrize(
    ("text", "final"),
    [
        ("#### 1,234", Final("1,234", True, True)),
        (r"so \boxed{42}.", Final("42", True, True)),
        ("The answer is 48 + 36 = 84", Final("84", True, True)),
        ("The answer is: **84**", Final("84", True, True)),
        ("Answer: 42 eggs", Final("42", True, True)),
        ("The answer is forty-two.", Final("forty-two", True, True)),
        ("The answer is 3/4.", Final("3/4", True, True)),
        ("The answer is -5.", Final("-5", True, True)),
        ("The answer is 25%", Final("25%", True, True)),
        ("The answer is 10:30.", Final("10:30", True, True)),
        ("The answer is 7. No, the answer is 8.", Final("8", True, True)),
        ("30 - 3 = 27", Final("27", False, True)),
        ("He has 19 cars.", Final("19", False, True)),
        ("He has 9 + 6 = 15 cars out of 20.", Final("15", False, True)),
        ("He has 9 + 6 = 15. So 3 of them and 4 more.", Final("15", False, False)),
        ("He has 9 cars and 6 more.", Final("6", False, False)),
        ("The answer is not 5. It is 6.", Final("6", True, True)),
        ("I do not know.", None),
    ],
)
def test_final_answers(text: str, final: Final | None) -> None:
    assert read_final(text) == final
    assert final_answer(text) == (final.text if final else None)


def test_a_measure_is_kept_beside_the_answer() -> None:
    assert read_final("The answer is 90 minutes.") == Final("90", True, True, "minute")


@pytest.mark.parametrize(
    ("given", "expected", "same"),
    [
        ("0.5", "1/2", True),
        ("1,000", "1000", True),
        ("$5", "5", True),
        ("5.00", "5", True),
        ("25%", "0.25", True),
        ("25%", "25", True),
        ("twelve", "12", True),
        ("2 1/2", "2.5", True),
        ("12 cars", "12", True),
        ("B.", "b", True),
        ("10:30", "10:30", True),
        ("5", "6", False),
        ("-5", "5", False),
        ("90", "1.5", False),
        ("B", "C", False),
        ("90 minutes", "1.5", None),
        ("150 cents", "1.50", None),
        ("10:30", "11", None),
        ("Paris", "London", None),
        ("5 or 6", "6", None),
    ],
)
def test_same_answer(given: str, expected: str, same: bool | None) -> None:
    assert same_answer(given, expected) is same


def test_signature() -> None:
    assert signature("Rosa fills 30 / 5 = 6 boxes. Then 6 - 2 = 4 are left. The answer is 4.") == "/ -"
    assert signature("Altogether 2 + 3 + 4 = 9.") == "+ +"
    assert signature("Nothing to see.") == ""


@pytest.mark.parametrize("text", ["1 " * 4000, "1 = " * 2000, "7" * 8000, "1+" * 4000])
def test_a_heap_of_figures_says_nothing(text: str) -> None:
    """It would take seconds, and Python refuses to read numbers of some thousand digits."""
    assert numbers(text) == []
    assert equations(text) == []
    assert read_final(text) is None


def test_a_fraction_too_long_to_read_is_none() -> None:
    assert [number.value for number in numbers("\\frac{" + "7" * 5000 + "}{2} and 3")] == [3]
