"""Equations as they are written in LaTeX, and what stands around one and makes it say something else."""

from __future__ import annotations

import pytest

from master_autogen.arithmetic import equations, numbers
from master_autogen.checks import CheckInput, check
from master_autogen.records import Seed

ROLLS = Seed(instruction="How many rolls?", response="48 + 24 = 72. The answer is 72.", answer="72", kind="math")


def sound(text: str) -> bool | None:
    return check("sound_steps", CheckInput(target=ROLLS, text=text, role="student", phase="revise")).passed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (r"$1{,}200 \times 3 = 3{,}600$", [(r"$1{,}200 \times 3 = 3{,}600", True)]),
        (r"$1\,200 + 300 = 1\,600$", [(r"$1\,200 + 300 = 1\,600", False)]),
        (r"$48 + 24 = \boxed{72}$", [("$48 + 24 = 72", True)]),
        (r"$48 + 24 = \boxed{82}$", [("$48 + 24 = 82", False)]),
        (r"$48 + 24 = \boxed{\mathbf{82}\text{ clips}}$", [("$48 + 24 = 82", False)]),
        (r"\boxed{\text{48 + 24 = 82}}", [("48 + 24 = 82", False)]),
        (r"$48 \text{ clips} \div 2 = 34 \text{ clips}$", [(r"$48 \text{ clips} \div 2 = 34", False)]),
        (r"3 \times 4 &= 13 \\ 13 + 5 &= 18", [(r"3 \times 4 &= 13", False), ("13 + 5 &= 18", True)]),
        (r"3+4&=7\\7+5&=12", [("3+4&=7", True), ("7+5&=12", True)]),
        (r"3 \times 4 = 12 \quad 12 + 5 = 18", [(r"3 \times 4 = 12", True), ("12 + 5 = 18", False)]),
        (r"50 \times \left(1 - \frac{20}{100}\right) = 45", [(r"50 \times \left(1 - \frac{20}{100}\right) = 45", False)]),
        (r"\frac{48}{2} = 24", [(r"\frac{48}{2} = 24", True)]),
        (r"\frac{48}{2} = 34", [(r"\frac{48}{2} = 34", False)]),
        (r"24 = \dfrac{48}{2}", [(r"24 = \dfrac{48}{2}", True)]),
        (r"\frac{6}{12} = \frac{1}{2}", [(r"\frac{6}{12} = \frac{1}{2}", True)]),
        (r"\frac34 \times 12 = 8", [(r"\frac34 \times 12 = 8", False)]),
        (r"\frac{12 \times 3}{4} = 9", [(r"\frac{12 \times 3}{4} = 9", True)]),
        (r"\frac{12 \times 3}{4} = 10", [(r"\frac{12 \times 3}{4} = 10", False)]),
        (r"\frac{12}{3 + 1} \times 2 = 6", [(r"\frac{12}{3 + 1} \times 2 = 6", True)]),
        (r"\frac{\frac{1}{2} + 1}{3} = \frac{1}{2}", [(r"\frac{\frac{1}{2} + 1}{3} = \frac{1}{2}", True)]),
        (r"5\tfrac{1}{2} - 2 = 3\frac{1}{2}", [(r"5\tfrac{1}{2} - 2 = 3\frac{1}{2}", True)]),
        (r"\frac{2^3}{4} + 5 = 8", []),
        (r"\frac{x}{2} + 3 = 7", []),
    ],
)  # fmt: skip
def test_equations_in_latex(text: str, found: list[tuple[str, bool | None]]) -> None:
    assert [(equation.text, equation.true) for equation in equations(text)] == found


def test_a_fraction_in_latex_is_a_division() -> None:
    (equation,) = equations(r"So \frac{48}{2} = 24 clips.")
    assert (equation.operands, equation.operators, equation.result, equation.worth) == ((48, 2), ("/",), 24, 24)
    (longer,) = equations(r"So \frac{12 + 3}{5} = 4.")
    assert (longer.operands, longer.operators, longer.result, longer.worth) == ((12, 3, 5), ("+", "/"), 4, 3)


def test_numbers_in_latex() -> None:
    found = numbers(r"1{,}200, 1\,200, \frac34, \tfrac{3}{4}, 12 \, 34 and \boxed{7}")
    assert [str(number.value) for number in found] == ["1200", "1200", "3/4", "3/4", "12", "34", "7"]


@pytest.mark.parametrize(
    "text",
    [
        "10^3 + 5 = 1005",
        "1000 × 1.05^2 - 1000 = 102.5",
        r"$2^3 \times 5 = 40$",
        r"$10^{-2} \times 5 = 0.05$",
        "2 ** 3 * 2 = 16",
        "5² - 3 + 1 = 23",
        "3! - 4 + 2 = 4",
        "9 + 16 = 5²",
        "9 + 16 = 5^2",
        "sqrt(9 + 16) = 5",
        "√(9 + 16) = 5",
        "√16 + 3 = 7",
        "2 + 4 = 3 × √4",
        "floor(7/2) = 3",
        "log 100 + 1 = 3",
        "17 mod 5 + 1 = 3",
        "17 % 5 + 1 = 3",
        "9 + 5 = 2 (mod 12)",
        "binary 101 + 11 = 1000",
        "f(3) = 2*3 + 1 = 7",
        "a[1] = 3 + 4 = 7",
        "$a_1 + 2 = 5$",
        "$a_2 = 3 + 4 = 7$",
        "$x^2 = 9 + 16 = 25$",
        "d2 = 10 - 4 = 6",
        "12 - 4 = 2 * x",
        "4 + 4 = 2(3 + 1)",
        "17 ÷ 5 = 3 remainder 2",
        "17 / 5 = 3 R 2",
        "10 divided by 4 is 2 with 2 left",
        "48 ÷ 5 = 10 (rounded up)",
        r"10/3 = 3.\overline{3}",
        "2 hours + 30 minutes = 150 minutes",
        "3 hours + 30 minutes = 3.5 hours",
        "30 minutes × 4 = 2 hours",
        "60 km/h × 30 min = 30 km",
        "$1 + 50 cents = $1.50",
        "1 m + 50 cm = 150 cm",
        "1 week + 2 days = 9 days",
        "1.5 million + 500,000 = 2 million",
        "5 thousand + 3 = 5003",
        "$1.5k + $500 = $2000",
        "50 + 20% = 60",
        "Step 2 – 48 / 2 = 24",
        "Step 2 - 3 + 4 = 7",
        "pages 10–15 = 6 pages",
        "Box 2 = 3 + 4 = 7",
        "twice 8 + 2 = 18",
        "half of 8 + 2 = 6",
        "2 and 1/2 + 1/2 = 3",
        "3,5 × 2 = 7",
        "6 ÷ 4 = 1,5",
        "12 500 + 300 = 12 800",
        "1.000 - 250 = 750",
        "1,00,000 - 50,000 = 50,000",
        "1'200 + 300 = 1'500",
        "8:15 + 45 minutes = 9:00",
        "12:4 + 1 = 4",
        "9 am + 8 hours = 5 pm",
        "~~3 + 4 = 8~~",
    ],
)
def test_true_steps_that_say_more_than_their_figures_are_not_failed(text: str) -> None:
    assert sound(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "10^3 + 5 = 8",  # 3 + 5 is 8, but that is not what it says
        "√16 + 3 = 19",
        "f(7) = 3 + 4 = 7",
    ],
)
def test_what_is_cut_out_of_a_larger_expression_does_not_hold_either(text: str) -> None:
    assert [equation.true for equation in equations(text)] == [None]


@pytest.mark.parametrize(
    "text",
    [
        "48 + 24 = 82 left over",
        "10 / 4 = 4 left",
        "48 / 2 = 34 clips left",
        "Step 2: 48 / 2 = 34",
        "Step 1: 3 + 4 = 8, Step 2: 8 + 1 = 9",
        "Then 12 - 5 = 8",
        "3 hours + 2 hours = 6 hours",
        "5 hours × 60 minutes = 290 minutes",
        "12 min + 5 min = 18 min",
        "$5 + $3 = $9",
        "24 × $0.50 = $13",
        "20% of 50 = 12",
        "100% - 30% = 60%",
        "50 + 10% of 20 = 53",
        "3.125 × 2 = 6.5",
        "1.000 - 250 = 760",
        "It is 9 am. 3 + 4 = 8 hours.",
        "_3 + 4 = 8_",
        "**3 + 4 = 8**",
        "The sum (3 + 4) = 8",
        "3 + 4 = 8!",
        "3 + 4 = 8 (not 7)",
        "3 + 4 = 8 - that is it",
        "3 + 4 = 8 → 8 × 2 = 16",
        "so 3+4=8,then 5",
        "She bought 2 dozen eggs. 24 - 6 = 17",
        "In each round 3 + 4 = 8",
        "I am 3 + 4 = 8 years old",
        "The base 3 + 4 = 8 cm",
    ],
)
def test_plainly_false_steps_are_failed(text: str) -> None:
    assert sound(text) is False


@pytest.mark.parametrize("text", [r"\frac{" * 300 + "1", r"\boxed{" * 300 + "1 + 1 = 3", "\ue0001\ue001 + 1 = 2\ue002"])
def test_braces_that_never_end_are_no_equation(text: str) -> None:
    assert not any(equation.true for equation in equations(text))
