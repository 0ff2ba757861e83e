from __future__ import annotations

import pytest

from master_autogen.seeds.kinds import bare_number, chosen_letter, final_number, kind_and_answer, plain_number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("16 - 7 = 9\n#### 9", "9"),
        ("so\n#### 1,080", "1080"),
        ("The answer is 18.", "18"),
        ("The answer is: **18**.", "18"),
        ("Answer: $1,200.50", "1200.50"),
        ("the final answer is $-3$.\n", "-3"),
        ("the answer is 25%.", "25"),
        ("The answer is 3/4.", "3/4"),
        ("Hence $\\boxed{42}$.", "42"),
        ("The answer is .05", ".05"),
        ("The answer is 48 + 36 = 84", None),
        ("The answer is 3 million.", None),
        ("The answer is 12 apples.", None),
        ("The answer is 1,2", None),
        ("Therefore he has 5.", None),
        ("\\boxed{7} is wrong, it is 8", None),
        ("\\boxed{x+1}", None),
        ("", None),
    ],
)
def test_final_number(text: str, number: str | None) -> None:
    assert final_number(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [(" 1,080 ", "1080"), ("$5", "5"), ("-2.5", "-2.5"), ("18 apples", None), ("٣", None), ("", None)],
)
def test_plain_number(text: str, number: str | None) -> None:
    assert plain_number(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("67", "67"),
        (" 1,067. ", "1067"),
        ("67 rolls", "67"),
        ("67 Rolls.", "67"),
        ("67 loaves", None),
        ("67 rolls left", None),
        ("204 - 137", None),
        ("rolls", None),
        ("6" * 61, None),
        ("", None),
    ],
)
def test_a_number_that_is_all_of_an_answer(text: str, number: str | None) -> None:
    assert bare_number("How many fresh brown rolls are left?", text) == number


OPTIONS = "Which is a fruit?\nA) stone\nB) apple\nC) chair"


@pytest.mark.parametrize(
    ("text", "letter"),
    [("B", "B"), ("(B)", "B"), ("B.", "B"), ("The answer is (B).", "B"), ("b", None), ("D", None), ("Both", None)],
)
def test_chosen_letter(text: str, letter: str | None) -> None:
    assert chosen_letter(OPTIONS, text) == letter
    assert chosen_letter("Which is a fruit?", text) is None


@pytest.mark.parametrize(
    ("instruction", "response", "expected"),
    [
        ("How many?", "2 + 2 = 4\n#### 4", ("math", "4")),
        ("How many?", "67", ("math", "67")),
        ("How many rolls?", "67 rolls", ("math", "67")),
        ("Which is more?\nA) 3\nB) 5", "5", ("general", None)),
        ("Solve.", "So it is \\boxed{x+1}.", ("math", None)),
        (OPTIONS, "B", ("choice", "B")),
        ("Add.", "```\nx = 1\n```", ("code", None)),
        ("Add.", "def add(a, b):\n    return a + b", ("code", None)),
        ("Add.", "Use a class.\nclass Sum:\n    pass", ("code", None)),
        ("Add.", "import os\nprint(1)", ("code", None)),
        ("Add.", "#include <stdio.h>", ("code", None)),
        ("def add(a, b):", "    return a + b", ("code", None)),
        ("Tell me.", "import duties are high; class matters\nfrom time to time.", ("general", None)),
        ("Tell me.", "    indented, but no code in question", ("general", None)),
        ("Who?", "A", ("general", None)),
    ],
)
def test_the_kind_by_the_shape_of_the_answer(instruction: str, response: str, expected: tuple[str, str | None]) -> None:
    assert kind_and_answer(instruction, response) == expected


def test_a_given_kind_and_answer_stand() -> None:
    assert kind_and_answer("q", "no number here", "math") == ("math", None)
    assert kind_and_answer("q", "#### 4", "code") == ("code", None)
    assert kind_and_answer("q", "#### 4", None, "1,005") == ("math", "1005")
    assert kind_and_answer("q", "#### 4", "math", "x = 5") == ("math", "x = 5")
    assert kind_and_answer("q", "#### 4", None, "so\n#### 5") == ("math", "5")
    assert kind_and_answer("How many rolls?", "r", None, "67 rolls") == ("math", "67")
    assert kind_and_answer("q", "7", "code") == ("code", None)
    assert kind_and_answer("q", "long text", "general", "Paris") == ("general", "Paris")
    assert kind_and_answer(OPTIONS, "An apple grows on a tree.", None, "B") == ("choice", "B")


def test_a_number_beside_a_list_of_options_may_be_the_place_of_one() -> None:
    assert kind_and_answer("Which is a fruit?", "1", chosen=True) == ("general", None)
    assert kind_and_answer("Which is more?", "#### 5", chosen=True) == ("math", "5")
