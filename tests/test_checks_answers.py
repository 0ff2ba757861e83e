"""Answers of every kind of seed, as models write them; expressions are compared by the process behind `symbolic`."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from master_autogen.checks import CheckFinding, CheckInput, check, verify
from master_autogen.checks.choices import choice, option_of, options
from master_autogen.checks.symbolic import Worker, same_expression
from master_autogen.records import Seed

LETTERS = "Which animal lays eggs?\nA) dog\nB) hen\nC) cat"


def judge(text: str, answer: str, question: str = "What is it?", kind: str = "math") -> bool | None:
    return verify(text, Seed(instruction=question, response=answer, answer=answer, kind=kind))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "answer", "right"),
    [
        (r"So it is \boxed{x^2 + 2x + 1}.", "(x+1)^2", True),
        (r"So it is \boxed{x^2 + 2x - 1}.", "(x+1)^2", False),
        ("The answer is 2√3. Does that help?", r"\sqrt{12}", True),
        ("The answer is $3\\sqrt{2}$.", r"\sqrt{12}", False),
        ("The solutions are x = -3 and x = 3.", "x = 3, x = -3", True),
        ("The answer is x = 3.", "x = 3, x = -3", False),
        ("C = 2π(5) = 10π", r"10\pi", True),
        ("The answer is 31.4.", r"10\pi", None),
        ("It depends on the day.", r"10\pi", None),
        (r"\boxed{[1, 4)}", "(1, 4]", False),
        ("The probability is 1 in 3.", "1/3", True),
        (r"\boxed{7}", r"\sqrt{49}", True),
    ],
)
def test_maths_beyond_numbers(text: str, answer: str, right: bool | None) -> None:
    assert judge(text, answer) is right


@pytest.mark.parametrize(
    ("text", "answer", "right"),
    [
        ("The answer is $10^6$.", "1000000", True),
        ("The answer is $10^6$.", "1e6", True),
        ("The answer is $10^6$.", "10", False),
        ("The answer is 10⁶ bacteria.", "1000000", True),
        ("The answer is $2^{10}$.", "1024", True),
        ("The answer is $2^{10}$.", "2", False),
        ("The answer is $2^{10} = 1024$.", "1024", True),
        ("The answer is $2^4$. Wait, that's wrong: it is 8.", "8", True),
        ("The answer is $2^4$. Wait, that's wrong: it is 8.", "16", False),
        ("The answer is $5!$.", "120", True),
        ("The answer is $5!$.", "5", False),
        (r"The answer is \(5!\).", "120", True),
        (r"The answer is \(5!\).", "5", False),
        (r"\boxed{5!}", "120", True),
        (r"\boxed{5!}", "5", None),
        ("So there are 5! ways.", "5", None),
        ("The answer is 18!", "18", True),
        ("The answer is 4².", "16", True),
        ("The answer is 4².", "4", False),
        ("So the area is 4².", "4", None),
        ("The answer is 4 m².", "4", True),
        ("The answer is $4m^2$.", "4", True),
        (r"The answer is $30^{o}$.", "30", True),
        (r"The answer is $\sqrt{49}$.", "7", True),
        (r"The answer is $\sqrt{50}$, which is about 7.07.", "7.07", True),
        (r"The answer is $\sqrt{50}$. That is about 7.07.", "7.07", True),
        ("The answer is √7.", "7", False),
        (r"The answer is $3\sqrt{2}$.", "3", False),
        (r"\boxed{3\sqrt{2}}", "3", False),
        (r"The answer is $3\sqrt{2}$. This is because each side is 3.", "3", None),
        (r"The answer is $3\pi$.", "3", False),
        ("The answer is $3 + 2i$.", "3", False),
        ("The answer is x + 3.", "3", False),
        (r"The answer is $\frac{7}{x}$.", "7", False),
        (r"The answer is $\frac{\pi}{2}$.", "2", False),
        (r"The answer is $\binom{5}{2}$.", "10", True),
        (r"The answer is $\log_2 8$.", "8", False),
    ],
)
def test_a_stated_expression_is_not_its_first_number(text: str, answer: str, right: bool | None) -> None:
    assert judge(text, answer) is right


@pytest.mark.parametrize(
    "text",
    [
        r"The answer is $x \geq 7$.",
        r"The answer is $x \neq 7$.",
        "The answer is x > 7.",
        "The answer is ≥ 7.",
        "The answer is not 7.",
        "The answer is less than 7.",
        "The answer is at least 7.",
        "The answer is between 6 and 7.",
        r"The answer is $\pm 7$.",
        "The answer is ±7.",
        "The answer is 7–8 apples.",
        "So she needs 7–8 apples.",
        "The answer is (7, 8).",
        "The answers are 7, 8.",
        "The answers are 7,8.",
        "The answer is 7,8 m.",
        "The answer is 7 remainder 2.",
        "The answer is 7 r 2.",
        "The answer is 7k.",
        "The answer is $7K.",
    ],
)
def test_a_bound_or_more_than_one_number_is_not_told(text: str) -> None:
    assert judge(text, "7") is None


@pytest.mark.parametrize(
    ("text", "answer", "right"),
    [
        ("The answer is –7.", "-7", True),
        ("The answer is –7.", "7", False),
        ("Answer – 7", "7", True),
        ("The answer is 2,5 m.", "2.5", True),
        ("The answer is $70k.", "70000", None),
        ("The answer is $70k.", "70", None),
        ("The answer is 33.3%.", "1/3", None),
        ("The answer is 35%.", "1/3", False),
        (r"The answer is $0.\overline{3}$.", "1/3", True),
        (r"The answer is $0.\overline{3}$.", "0.3", None),
        ("The answer is 0.777...", "7/9", True),
        ("The answer is 72? No, 96.", "72", False),
        ("The answer is 72? No, 96.", "96", True),
        ("The answer is 72. No, wait, it is 96.", "72", False),
        ("The answer is 72. She sold 48 in April and 24 in May.", "72", True),
        ("He needs at least 7 boxes.", "7", True),
        ("The answer is May 5, 2020.", "5", True),
        ("The answer is 7, 8 less than before.", "7", True),
        ("The answer is 7 - a nice number.", "7", True),
        ("The answer is <b>7</b>.", "7", True),
        ("> 7", "7", True),
    ],
)
def test_signs_around_an_ordinary_answer(text: str, answer: str, right: bool | None) -> None:
    assert judge(text, answer) is right


def test_what_is_said_of_a_stated_expression() -> None:
    seed = Seed(instruction="How many?", response="1024", answer="1024", kind="math")
    turn = CheckInput(target=seed, text="The answer is $2^{10}$.", role="student", phase="solve")
    assert check("right_answer", turn) == CheckFinding(passed=True, detail="says 2^{10}, which is right")
    assert check("wrong_answer", turn) == CheckFinding(passed=False, detail="says 2^{10}, which is right")
    ranged = turn.model_copy(update={"text": "The answer is 1024–1030."})
    unread = CheckFinding(passed=None, detail="could not tell which number is the answer")
    assert check("right_answer", ranged) == check("wrong_answer", ranged) == unread


def test_the_unit_asked_for_explains_another_number() -> None:
    asked = "How many hours is that?"
    assert judge("That is 90 minutes.", "1.5", asked) is True
    assert judge("That is 150 minutes.", "1.5", asked) is False
    assert judge("That is 90 minutes.", "1.5") is None


def test_the_right_number_beside_a_wrong_one_is_not_verifiably_wrong() -> None:
    assert judge("He has 4 eggs and 15 boxes.", "4", "He has 4 hens. How many eggs?") is None
    assert judge("He spent $25, so he has $35 left.", "25") is False


@pytest.mark.parametrize(
    ("text", "letter", "sure"),
    [
        ("**B) hen**", "B", True),
        ("The correct choice is **B. Hen**.", "B", True),
        ("A hen.", "B", True),
        ("Hens lay eggs, so I'd go with (B).", "B", True),
        ("Option A is wrong. Option C is wrong as well. That leaves B.", "B", True),
        ("(B) is correct, A is not.", "B", True),
        ("The answer is B) dog", "B", False),
        ("The answer is A or B.", "AB", False),
        ("The answer is a hen.", "B", True),
        (r"\boxed{\textbf{(C)}}", "C", True),
    ],
)
def test_choices(text: str, letter: str, sure: bool) -> None:
    assert choice(text, LETTERS) == (letter, sure)


def test_what_chooses_nothing() -> None:
    assert choice("The answer is a bit unclear.", LETTERS) is None
    assert judge("The answer is A or B.", "B", LETTERS, "choice") is None
    assert judge("The answer is 45.", "B", "7 x 8? (A) 54 (B) 56", "choice") is False


def test_options() -> None:
    assert options(LETTERS) == {"A": "dog", "B": "hen", "C": "cat"}
    assert options("Which? 1. red 2. blue") == {"A": "red", "B": "blue"}
    assert options("Vitamin C. is one") == {}
    assert [option_of(answer, LETTERS) for answer in ("b", "B) hen", "hen", "cow")] == ["B", "B", "B", ""]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Leonardo Da Vinci", True),
        ("It was painted by Leonardo da Vinci.", True),
        ("The answer is Raphael.", False),
        ("Raphael", False),
        ("The answer is Leonardo.", None),
        ("The answer is Raphael or Leonardo da Vinci.", None),
        ("It was not Leonardo da Vinci.", None),
        ("There are many painters of that time, and it is hard to say who painted it in the end.", None),
    ],
)
def test_short_answers_in_words(text: str, right: bool | None) -> None:
    assert judge(text, "Leonardo da Vinci", "Who painted it?", "general") is right


def test_only_a_short_answer_in_words_is_checkable() -> None:
    seed = Seed(instruction="Who?", response="He.", answer="one two three four five", kind="general")
    assert seed.checkable
    assert not seed.model_copy(update={"answer": "one two three four five six"}).checkable
    assert not seed.model_copy(update={"answer": "one\ntwo"}).checkable
    assert not seed.model_copy(update={"answer": " "}).checkable


def test_the_finding_says_what_was_read() -> None:
    seed = Seed(instruction="Expand (x+1)^2.", response="", answer="x^2+2x+1", kind="math")
    turn = CheckInput(target=seed, text=r"\boxed{x^2+1}", role="student", phase="solve")
    assert check("right_answer", turn).detail == "says x^2+1, which is wrong"
    unread = turn.model_copy(update={"text": "The answer is some polynomial."})
    assert check("right_answer", unread).detail == "could not compare 'some polynomial' with the reference"


def test_a_slow_comparison_is_not_told_and_the_next_one_is_answered() -> None:
    worker = Worker(timeout_s=0.000001)
    try:
        assert worker.equal("x+1", "1+x") is None
        worker._timeout_s = 20.0
        assert worker.equal("x+1", "1+x") is True
        assert worker.starts == 2
    finally:
        worker.close()


def test_many_threads_may_ask() -> None:
    found: list[tuple[int, bool | None]] = []

    def ask(n: int) -> None:
        found.append((n, same_expression(f"{n} + x", f"x + {n % 3}")))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [(n, n == n % 3) for n in range(6)]


def test_words_and_long_texts_are_no_expressions() -> None:
    assert same_expression("Alice", "Bob") is None
    assert same_expression("x" * 500, "x") is None


def test_importing_the_checks_starts_nothing_and_loads_no_sympy() -> None:
    code = (
        "import sys; from master_autogen.checks import symbolic; "
        "print(symbolic._WORKER.starts, 'sympy' in sys.modules, 'math_verify' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "False", "False"]
