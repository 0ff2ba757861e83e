"""Final answers: where a text states one, what it is, and whether it is the reference's; read by hand, each of them."""

from __future__ import annotations

import pytest

from master_autogen.arithmetic import (
    Amount,
    amounts,
    asked_unit,
    plain,
    read_final,
    same_answer,
    statement,
)


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        (r"\$1{,}234.50", "$1,234.50"),
        (r"\dfrac{3}{4}", "3/4"),
        (r"1\frac12", "1 1/2"),
        (r"\frac{x+1}{2}", "(x+1)/(2)"),
        (r"2.5 \times 10^{3}", "2500"),
        ("4.5e-4", "0.00045"),
        ("1.2 million", "1200000"),
        ("1\u202f234\u202f567", "1,234,567"),
        ("−3", "-3"),
        (r"18\text{ eggs}", "18 eggs "),
        ("He has **5** eggs", "He has 5 eggs"),
    ],
)
def test_plain(text: str, typed: str) -> None:
    assert plain(text) == typed


@pytest.mark.parametrize(
    ("text", "value", "unit", "form"),
    [
        ("-$5", "-5", "dollar", "number"),
        ("$-5", "-5", "dollar", "number"),
        ("150¢", "150", "cent", "number"),
        ("5km", "5", "kilometre", "number"),
        ("5 km/h", "5", "", "number"),
        ("1 hour and 30 minutes", "90", "minute", "number"),
        ("5 feet 6 inches", "66", "inch", "number"),
        ("3/4 cup", "3/4", "cup", "number"),
        ("two and a half hours", "5/2", "hour", "number"),
        ("25 percent", "25", "", "percent"),
        ("3:30 pm", "930", "", "clock"),
        ("2 : 30", "1/15", "", "ratio"),
        ("3 in a row", "3", "", "number"),
    ],
)
def test_amounts(text: str, value: str, unit: str, form: str) -> None:
    (amount,) = amounts(text)
    assert (str(amount.value), amount.unit, amount.form) == (value, unit, form)


def test_an_amount_knows_where_it_stands() -> None:
    (amount,) = amounts("So $1,200 remain")
    assert isinstance(amount, Amount)
    assert (amount.span, amount.text, amount.written) == ((3, 9), "$1,200", "1,200")


@pytest.mark.parametrize(
    ("question", "unit"),
    [
        ("He runs for 90 minutes. How many hours is that?", "hour"),
        ("How many eggs are left?", "one"),
        ("What percent of the eggs is left?", "%"),
        ("Eggs cost $2. How much does he pay?", "dollar"),
        ("How long is it, in cm?", "centimetre"),
        ("What is left?", ""),
    ],
)
def test_the_unit_that_a_question_asks_for(question: str, unit: str) -> None:
    assert asked_unit(question) == unit


@pytest.mark.parametrize(
    ("given", "expected", "asked", "same"),
    [
        (r"\frac{1}{2}", "0.5", "", True),
        ("1 hour 30 minutes", "90", "minute", True),
        ("90 minutes", "1.5", "hour", True),
        ("90 hours", "1.5", "hour", False),
        ("150 minutes", "1.5", "hour", False),
        ("90 minutes", "1.5", "", None),
        ("150 minutes", "1.5", "", False),
        ("2 kg", "2 g", "", False),
        ("5 dozen", "60", "one", True),
        ("0.5%", "0.5", "", None),
        ("0.5%", "50", "%", False),
        ("0.25", "25", "%", None),
        ("25%", "1/4", "", True),
        ("1/3", "0.33", "", True),
        ("0.33", "1/3", "", None),
        ("33.3", "33.33", "", None),
        ("33.3%", "1/3", "", None),
        ("1/3", "33.3%", "", None),
        ("54%", "1/2", "", False),
        (r"0.\overline{3}", "1/3", "", True),
        (r"2.1\overline{6}", "13/6", "", True),
        ("2,5 m", "2.5", "", True),
        ("2,5 m", "2.6", "", None),
        ("(2,5)", "2.5", "", None),
        ("less than 7", "7", "", None),
        ("at least 7", "at least 7 apples", "", True),
        ("±7", "7", "", None),
        ("4²", "4", "", None),
        ("4 m²", "4", "", True),
        (r"\frac{7}{x}", "7", "", None),
        ("7K", "7", "", None),
        ("18.4", "18", "", False),
        ("3:30 PM", "15:30", "", True),
        ("3:30", "3:30 pm", "", True),
        ("3:30 am", "3:30 pm", "", False),
        ("3:30", "15:30", "", True),
        ("4:6", "2:3", "", True),
        ("2 to 3", "2:3", "", True),
        ("3:2", "2:3", "", False),
        ("12 500", "12500", "", True),
        ("-5", "−5", "", True),
        ("x = 3", "3", "", True),
        ("3x", "3", "", None),
        ("2√3", "2", "", None),
        ("(1, 2)", "1", "", None),
    ],
)
def test_same_answer_in_other_dress(given: str, expected: str, asked: str, same: bool | None) -> None:
    assert same_answer(given, expected, asked) is same


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        ("### Final Answer\n\n18 dollars", "18 dollars"),
        ("**Answer:** 18", "18"),
        (r"\[ \boxed{\frac{1}{2}} \]", r"\frac{1}{2}"),
        ("<answer>\n18\n</answer>", "18"),
        ("Answer:\n```\n18\n```", "18"),
        ("#### Step 2: add 5", None),
        ("You said the answer is 18.", None),
        ("The answer is not 18.", None),
        ("I think the answer is 18.", "18."),
    ],
)
def test_statements(text: str, stated: str | None) -> None:
    found = statement(text)
    assert (found and found.text) == stated


@pytest.mark.parametrize(
    ("text", "number", "sure"),
    [
        ("So Janet makes 9 * 2 = $18 every day at the market.", "18", True),
        ("In 5 days, she makes **$990**.", "990", True),
        ("18 eggs\n\nShe has 16 + 2 = 18 eggs.", "18", True),
        ("9 * 2 = 18. The total for the 3 days and the 4 nights is 19.", "19", True),
        ("9 * 2 = 18. With 3 and 30 it makes 18 or 20.", "18", False),
        ("5 * 4 = 20, which rounds up to 30.", "30", True),
        ("She has 12 left. Would you like to see 2 more examples?", "12", True),
        ("x = 6\nCheck: 3 * 6 - 7 = 11.", "6", True),
        ("The answer is 80. Wait, that's wrong: 120 - 30 = 90.", "90", True),
        ("The answer is 80, but it could be 90.", "80", False),
        ("The answer is 18 or 20.", "18", False),
        ("The answer is 9 - 2 + 1", "9", False),
        (r"The answer is $3\sqrt{2}$.", "3", False),
        ("The answer is 7–8 apples.", "7", False),
        ("The answer is 72? No, 96.", "96", True),
        ("It is 7 degrees below zero, that is -7.", "-7", True),
        ("The population is 12 500 people.", "12,500", True),
    ],
)
def test_which_number_is_final(text: str, number: str, sure: bool) -> None:
    final = read_final(text)
    assert final is not None
    assert (final.text, final.sure) == (number, sure)


def test_numbers_of_the_question_are_not_what_a_sentence_says() -> None:
    question = "Tina works 10 hours a day for 5 days. What does she make?"
    text = "Tina makes $990 working 10 hours a day on 5 days."
    assert read_final(text) == ("5", False, False, "day")
    assert read_final(text, question) == ("990", False, True, "dollar")
