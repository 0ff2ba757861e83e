"""Items for `answers.py`: questions of the project's own, and the many ways in which an answer is written out.

Nothing here was taken from a data set. `RIGHT` and `WRONG` answers of an item are written by hand; `dresses` are the
ways in which models write a final number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import NamedTuple


class Item(NamedTuple):
    kind: str
    question: str
    answer: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]


ITEMS = (
    Item(
        "math",
        "Simplify 6/8.",
        r"\frac{3}{4}",
        ("3/4", r"\dfrac34", r"\boxed{\frac{3}{4}}", "0.75", "$\\frac{3}{4}$", "three quarters", "75%"),
        ("4/3", r"\boxed{\frac{6}{7}}", "0.34", "3/5", "-3/4", "7.5"),
    ),
    Item(
        "math",
        "Expand (x + 1)^2.",
        "x^2+2x+1",
        (r"\boxed{x^2 + 2x + 1}", "x² + 2x + 1", "1 + 2x + x^2", "(x+1)(x+1)"),
        ("x^2 + 1", r"\boxed{x^2+2x-1}", "2x + 2", "x^2 + 2x"),
    ),
    Item(
        "math",
        "Solve 2x + 3 = 9.",
        "3",
        ("x = 3", r"\boxed{x=3}", "$x = 3$", "3.0", "x=\\frac{6}{2}"),
        ("x = -3", "x = 6", r"\boxed{x=2}", "x = 0.3"),
    ),
    Item(
        "math",
        "What is the exact length of the diagonal of a square with side 2?",
        r"2\sqrt{2}",
        ("2√2", r"\boxed{2\sqrt{2}}", r"\sqrt{8}", "sqrt(8)", "2*sqrt(2)"),
        (r"\sqrt{2}", "4", r"\boxed{2\sqrt{3}}", r"4\sqrt{2}", "-2√2"),
    ),
    Item(
        "math",
        "Solve x^2 = 5x - 6.",
        r"\{2,3\}",
        ("{2, 3}", "x = 2 or x = 3", r"\boxed{\{3, 2\}}", "2 and 3", "x=3, x=2"),
        ("{2, 4}", r"\boxed{\{-2,-3\}}", "x = 2", "x = 1 or x = 6"),
    ),
    Item(
        "math",
        "For which x is x - 1 > 0 and x <= 4?",
        "(1, 4]",
        ("(1,4]", r"\boxed{(1, 4]}", r"\left(1, 4\right]", r"x \in (1,4]"),
        ("[1,4]", "(1,4)", r"\boxed{[1, 4)}", "(0, 4]"),
    ),
    Item(
        "math",
        "Which point is the vertex?",
        "(2, -3)",
        ("(2,-3)", r"\boxed{(2, -3)}", r"\left(2,\,-3\right)"),
        ("(-3, 2)", "(2, 3)", r"\boxed{(-2, -3)}", "(2, -4)"),
    ),
    Item(
        "math",
        "What is the area of a circle with radius 3, in terms of pi?",
        r"9\pi",
        ("9π", r"\boxed{9\pi}", "9 pi", r"9\pi \text{ square units}"),
        (r"6\pi", r"\boxed{3\pi}", "9", "18π"),
    ),
    Item(
        "math",
        "Write 0.00045 in scientific notation.",
        "4.5e-4",
        (r"4.5 \times 10^{-4}", "4.5 × 10^-4", "0.00045", "4.5e-4"),
        (r"4.5 \times 10^{-3}", "4.5 × 10^4", "0.0045"),
    ),
    Item(
        "math",
        "What is the ratio of cats to dogs, 12 to 18?",
        "2:3",
        ("2:3", "2 : 3", r"\boxed{2:3}", "2 to 3", "2/3"),
        ("3:2", "2:5", r"\boxed{12:20}", "3 to 2"),
    ),
    Item(
        "math",
        "The train leaves at 2:45 pm and takes 45 minutes. When does it arrive?",
        "3:30 pm",
        ("3:30 pm", "3:30 PM", "3:30 p.m.", "15:30", "3:30"),
        ("3:30 am", "2:45 pm", "3:15 pm", "4:30 pm"),
    ),
    Item(
        "math",
        "How many hours are 90 minutes?",
        "1.5",
        ("1.5 hours", "1 1/2 hours", "90 minutes", "1 hour 30 minutes", "one and a half hours", r"1\frac{1}{2}"),
        ("15 hours", "1.3 hours", "90 hours", "2.5 hours", "1 hour 50 minutes"),
    ),
    Item(
        "math",
        "How many people live in the town?",
        "1234567",
        ("1,234,567", r"1{,}234{,}567", "1 234 567", "1\u202f234\u202f567 people", r"1\,234\,567"),
        ("123,456", "1,234,576", "12,345,670", "1 243 567"),
    ),
    Item(
        "math", "What percent of 80 is 20?", "25", ("25%", "25 percent", r"25\%", "25"), ("75%", "2.5%", "0.25%", "20%")
    ),
    Item(
        "math",
        "How much does the ticket cost in dollars? It is 150 cents.",
        "1.50",
        ("$1.50", "$1.5", "150 cents", "1.50 dollars", "1 dollar and 50 cents"),
        ("$150", "$15.0", "15 cents", "$1.05", "$0.15"),
    ),
    Item(
        "math",
        "What is the temperature after it falls by 8 degrees from 5?",
        "-3",
        ("-3", "−3", "-3 degrees", "minus 3", r"-3^\circ", "negative 3"),
        ("3", "13", "-13", "- 8"),
    ),
    Item(
        "math",
        "How many grams is 2.5 kg?",
        "2500",
        ("2500 g", "2.5 kg", "2,500 grams", "2500", "2500g"),
        ("250 g", "25 kg", "2.5 g", "25000"),
    ),
    Item(
        "math",
        "How many stars are in the picture?",
        "3000000",
        ("3 million", "3,000,000", r"3 \times 10^6", "three million"),
        ("3 thousand", "30 million", "300,000"),
    ),
    Item(
        "choice",
        "Which animal lays eggs?\nA) dog\nB) hen\nC) cat\nD) cow",
        "B",
        (
            "B",
            "(B)",
            "B)",
            "b",
            "**B**",
            "B) hen",
            "(b) hen",
            "Option B",
            "hen",
            "a hen",
            r"\boxed{B}",
            r"\boxed{\text{(B)}}",
            "B. hen",
            "B: hen",
            "option B, since hens lay eggs",
        ),
        ("A", "(C)", "D) cow", "dog", "the cat", r"\boxed{C}", "Option A", "**D**", "c"),
    ),
    Item(
        "choice",
        "What is 7 x 8? (A) 54 (B) 56 (C) 63 (D) 48",
        "B",
        ("B", "(B) 56", "56", r"\boxed{\textbf{(B)}\ 56}", "B, because 7 x 8 = 56"),
        ("A", "(A) 54", "63", r"\boxed{\textbf{(C)}\ 63}", "D) 48", "45"),
    ),
    Item(
        "choice",
        "Which gas do plants take up?\nA. oxygen\nB. nitrogen\nC. helium\nD. carbon dioxide",
        "D",
        ("D", "D. carbon dioxide", "carbon dioxide", "Carbon dioxide (D)", "**D.** carbon dioxide"),
        ("A", "A. oxygen", "oxygen", "(B)", "helium"),
    ),
    Item(
        "general",
        "What is the capital of France?",
        "Paris",
        ("Paris", "**Paris**", "paris", '"Paris"'),
        ("London", "Lyon", "Marseille", "Rome"),
    ),
    Item(
        "general",
        "Who wrote Faust?",
        "Johann Wolfgang von Goethe",
        ("Johann Wolfgang von Goethe", "johann wolfgang von goethe"),
        ("Friedrich Schiller", "Heinrich Heine"),
    ),
)

FRAMES = (
    "The answer is {}.",
    "Answer: {}",
    "**Answer:** {}",
    "**Final Answer**\n\n{}",
    "Final answer: {}",
    "Let me think about it step by step.\n\nTherefore, the answer is {}.",
    "#### {}",
    "The correct answer is **{}**.",
    "I worked it through twice. So the final answer is {}. Does that help?",
    "<answer>{}</answer>",
)
"""What an answer of `ITEMS` stands in; a boxed one keeps its box."""


def dress(item: Item, given: str) -> Iterator[str]:
    for frame in FRAMES:
        yield frame.format(given)
    if "\\" in given and "\\boxed" not in given and "\\," not in given:
        yield f"We find\n\\[\n{given}\n\\]\nso the answer is \\({given}\\)."
    if (
        "\\boxed" not in given
        and item.kind == "math"
        and not any(c.isalpha() or c in "²√π§%" for c in given.replace("\\", ""))
    ):
        yield f"So it comes to $\\boxed{{{given}}}$."


class Shown(NamedTuple):
    """A number to be dressed: how it is written plain, with thousands, with two decimals, in words."""

    plain: str
    commas: str
    value: Fraction


def shown(value: Fraction) -> Shown:
    if value.denominator == 1:
        return Shown(str(value), f"{int(value):,}", value)
    return Shown(f"{float(value):.10g}", f"{float(value):,.10g}", value)


Dress = Callable[[str, Shown, str, tuple[str, str]], str]
"""From the worked steps, the number, its unit ("$" or a noun) and two numbers of the question to a text."""


def measure(n: Shown, unit: str) -> str:
    return f"${n.commas}" if unit == "$" else f"{n.commas} {unit}".strip()


def _latex(n: Shown) -> str:
    return n.commas.replace(",", "{,}")


DRESSES: dict[str, Dress] = {
    "the answer is": lambda steps, n, unit, q: f"{steps}\nThe answer is {n.plain}.",
    "answer with unit": lambda steps, n, unit, q: f"{steps}\n\nTherefore, the answer is {measure(n, unit)}.",
    "answer, bold": lambda steps, n, unit, q: f"{steps}\n\n**Answer: {measure(n, unit)}**",
    "bold label": lambda steps, n, unit, q: f"{steps}\n\n**Answer:** {measure(n, unit)}",
    "heading": lambda steps, n, unit, q: f"### Solution\n{steps}\n\n### Final Answer\n\n{measure(n, unit)}",
    "hashes": lambda steps, n, unit, q: f"{steps}\n#### {n.plain}",
    "hashes, commas": lambda steps, n, unit, q: f"{steps}\n#### {n.commas}",
    "boxed": lambda steps, n, unit, q: f"{steps}\nSo the result is $\\boxed{{{n.plain}}}$.",
    "boxed, display": lambda steps, n, unit, q: f"{steps}\n\n\\[\n\\boxed{{{_latex(n)}}}\n\\]",
    "boxed, unit": lambda steps, n, unit, q: (
        f"{steps}\n$$\\boxed{{\\${n.plain}}}$$"
        if unit == "$"
        else f"{steps}\n$$\\boxed{{{n.plain}\\text{{ {unit}}}}}$$"
    ),
    "boxed, then words": lambda steps, n, unit, q: (
        f"{steps}\n\\(\\boxed{{{n.plain}}}\\)\n\nSo there are {measure(n, unit)}. I hope this helps!"
    ),
    "final sentence": lambda steps, n, unit, q: f"{steps}\nTherefore, the total is {measure(n, unit)}.",
    "final sentence, restated": lambda steps, n, unit, q: (
        f"{steps}\nSo, with the {q[0]} and the {q[1]} given, the total comes to {measure(n, unit)}."
    ),
    "final sentence, bold": lambda steps, n, unit, q: (
        f"{steps}\n\nSo with {q[0]} of them, it comes to **{measure(n, unit)}** in all."
    ),
    "question after": lambda steps, n, unit, q: (
        f"{steps}\nSo the final answer is {measure(n, unit)}. Does that make sense? Let me know if you have questions!"
    ),
    "answer first": lambda steps, n, unit, q: f"The answer is {measure(n, unit)}.\n\nHere is how:\n{steps}",
    "answer first, bold line": lambda steps, n, unit, q: f"**{measure(n, unit)}**\n\nExplanation:\n{steps}",
    "last line alone": lambda steps, n, unit, q: f"{steps}\n\n{measure(n, unit)}",
    "last line, decimals": lambda steps, n, unit, q: (
        f"{steps}\nAnswer: ${float(n.value):,.2f}"
        if unit == "$"
        else f"{steps}\nAnswer: {n.plain}.0"
        if "." not in n.plain
        else f"{steps}\nAnswer: {n.plain}0"
    ),
    "x =": lambda steps, n, unit, q: f"{steps}\nThus $x = {_latex(n)}$, so the answer is $x = {_latex(n)}$.",
    "code block": lambda steps, n, unit, q: f"{steps}\n\nAnswer:\n```\n{n.plain}\n```",
    "check after": lambda steps, n, unit, q: (
        f"{steps}\nThe answer is {measure(n, unit)}.\n\nCheck: {q[0]} and {q[1]} were both used, 2 numbers in all."
    ),
    "tag": lambda steps, n, unit, q: f"{steps}\n<answer>{n.plain}</answer>",
    "spaced thousands": lambda steps, n, unit, q: f"{steps}\nAnswer: {n.commas.replace(',', ' ')}",
    "steps as list": lambda steps, n, unit, q: (
        "\n".join(f"{i}. {line}" for i, line in enumerate(steps.splitlines(), 1))
        + f"\n\n**Final answer:** {measure(n, unit)} ✅"
    ),
    "glued unit": lambda steps, n, unit, q: (
        f"{steps}\nFinal answer = {measure(n, unit).replace(' ', '') if unit in ('minutes', 'hours', 'miles') else measure(n, unit)}!"
    ),
    "to the question": lambda steps, n, unit, q: (
        f"{steps}\nThe answer to the question with {q[0]} in it is {measure(n, unit)}."
    ),
    "because": lambda steps, n, unit, q: f"It is {measure(n, unit)}, because:\n{steps}",
}
