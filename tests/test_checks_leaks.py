"""Leaks: the final answer in every form that says it, calculations, and what is said after the teacher."""

from __future__ import annotations

import pytest

from master_autogen.checks import CheckInput, check
from master_autogen.checks.amounts import amounts
from master_autogen.records import Seed

BUS = Seed(
    instruction="There are 18 people on a bus. 7 get off. How many people are on the bus now?",
    response="There are 18 - 7 = 11 people on the bus. The answer is 11.",
    answer="11",
    kind="math",
)


def find(
    name: str, text: str, seed: Seed = BUS, said: tuple[str, ...] = (), speakers: tuple[str, ...] = ()
) -> tuple[bool | None, str]:
    turn = CheckInput(target=seed, text=text, role="teacher", phase="say", said=said, speakers=speakers)
    finding = check(name, turn)
    return finding.passed, finding.detail


def choice(answer: str) -> Seed:
    return Seed(instruction="Which? A: red B: blue C: green", response=answer, answer=answer, kind="choice")


def answered(answer: str, response: str) -> Seed:
    return Seed(instruction="How much is it in all?", response=response, answer=answer, kind="math")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Look again: 7 people get off.", (True, "")),
        ("You should get 11.", (False, "gives the answer away: 11")),
        ("It is eleven, you see.", (False, "gives the answer away: eleven")),
        ("It is 11.0 then.", (False, "gives the answer away: 11.0")),
        ("You wrote 25.", (True, "")),
    ],
)
def test_no_leak(text: str, found: tuple[bool | None, str]) -> None:
    assert find("no_leak", text) == found


def test_what_the_question_names_is_no_leak() -> None:
    seed = BUS.model_copy(update={"answer": "7"})
    assert find("no_leak", "Seven of them, that is 7, get off.", seed) == (True, "")


def test_the_pronoun_one_is_no_leak() -> None:
    seed = BUS.model_copy(update={"answer": "1"})
    assert find("no_leak", "Which one is it?", seed) == (True, "")
    assert find("no_leak", "It is 1.", seed) == (False, "gives the answer away: 1")


def test_leaks_in_multiple_choice_and_in_words() -> None:
    assert find("no_leak", "Think about why it is option B.", choice("B")) == (False, "gives the answer away: B")
    assert find("no_leak", "Think about both options.", choice("B")) == (True, "")
    assert find("no_leak", "It is paris.", BUS.model_copy(update={"answer": "Paris"})) == (
        False,
        "gives the answer away: paris",
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("You added. Think about who gets off.", (True, "")),
        ("Is 18 more than 7?", (True, "")),
        ("No: 18 - 7 = 12.", (False, "works out 18 - 7 = 12")),
        ("7 times 6 is 42, remember.", (False, "works out 7 times 6 is 42")),
        ("The answer is 12.", (False, "states a result")),
        ("So the result is 12.", (False, "states a result")),
    ],
)
def test_no_calculation(text: str, found: tuple[bool | None, str]) -> None:
    assert find("no_calculation", text) == found


def test_what_the_question_works_out_may_be_quoted() -> None:
    seed = BUS.model_copy(update={"instruction": "Tom says 3 + 4 = 8. Is he right?"})
    assert find("no_calculation", "Tom says 3 + 4 = 8, so check it.", seed) == (True, "")


ADDED = "18 + 7 = 25, and 2 + 5 = 7. The answer is 25."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('You wrote "18+7 = 25". Who gets off?', (True, "")),
        ("You say that 18 people + 7 people = 25 people are left?", (True, "")),
        ("You said the answer is 25, but look again.", (True, "")),
        ("Your total is 25. How can it be more than before?", (True, "")),
        ("You wrote 8 + 7 = 25.", (False, "works out 8 + 7 = 25")),
        ("You wrote 18 + 7 = 25, and 18 - 7 = 12 is right.", (False, "works out 18 - 7 = 12")),
        ("You said the answer is 25. The answer is 12.", (False, "states a result")),
        ("The total is 12, not 25.", (False, "states a result")),
    ],
)
def test_a_teacher_may_quote_what_the_student_worked_out(text: str, found: tuple[bool | None, str]) -> None:
    assert find("no_calculation", text, BUS, (ADDED,), ("student",)) == found


def test_what_the_teacher_has_worked_out_before_is_no_excuse() -> None:
    assert find("no_calculation", "18 + 7 = 25.", BUS, (ADDED,), ("teacher",)) == (False, "works out 18 + 7 = 25")
    assert find("no_calculation", "The total is 25.", BUS, (ADDED,), ("teacher",)) == (False, "states a result")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Two facts matter here:\n\n- 18 people\n- 7 people", (True, "")),
        ("One fact matters here:\n\n**Seven**", (True, "")),
        ("Two facts matter here:\n\n- 18 people\n- 12 people", (False, "states a result")),
        ("The answer is 7.", (False, "states a result")),
    ],
)
def test_amounts_of_the_question_in_a_list_are_no_result(text: str, found: tuple[bool | None, str]) -> None:
    assert find("no_calculation", text) == found


@pytest.mark.parametrize(
    ("seed", "text", "told"),
    [
        (answered("90", "60 + 30 = 90 minutes."), "It takes an hour and a half.", "an hour and a half"),
        (answered("90", "60 + 30 = 90 minutes."), "Think of 1.5 hours.", "1.5"),
        (answered("90", "60 + 30 = 90 minutes."), "It is ninety.", "ninety"),
        (answered("90", "60 + 30 = 90 minutes."), "Is it half an hour?", None),
        (answered("90", "60 + 30 = 90 apples."), "Think of 1.5 hours.", None),
        (answered("1250", "It costs $1250."), "It costs $1,250.00.", "1,250.00"),
        (answered("1250", "It costs $1250."), "It costs 1 250 dollars.", "1250"),
        (answered("1250", "It costs $1250."), "It costs 125,000 cents.", "125,000"),
        (answered("1250", "It costs $1250."), "One thousand two hundred and fifty, no?", "One thousand two hundred and fifty"),
        (answered("1250", "It costs $1250."), "About 1.25k.", "1.25k"),
        (answered("1250", "It costs $1250."), "It costs 125 dollars.", None),
        (answered("1/4", "1/4 is left."), "A quarter, then.", "A quarter"),
        (answered("1/4", "1/4 is left."), "That is 25%.", "25%"),
        (answered("1/4", "1/4 is left."), "That is 25 percent.", "25"),
        (answered("1/4", "1/4 is left."), r"That is \frac{1}{4}.", r"\frac{1}{4}"),
        (answered("1/4", "1/4 is left."), "That is 0.25.", "0.25"),
        (answered("1/4", "1/4 is left."), "Not three quarters, and not 1/3 or 4.", None),
        (answered("40", "40% of them."), "Two fifths of them.", "Two fifths"),
        (answered("-5", "It is -5."), "It is minus 5.", "minus 5"),
        (answered("-5", "It is -5."), "It is 5, or 18 - 5.", None),
        (answered("24", "24 eggs."), "Two dozen.", "Two dozen"),
        (answered("3:30", "At 3:30."), "At 03:30 sharp.", "3:30"),
        (answered("3:30", "At 3:30."), "Not at 4:30.", None),
        (answered("yes", "Yes."), "Yes, go on.", None),
        (answered("yes", "Yes."), "The answer is yes.", "yes"),
        (answered("art", "Art."), "Start with the start.", None),
    ],
)  # fmt: skip
def test_every_form_of_the_answer_is_a_leak(seed: Seed, text: str, told: str | None) -> None:
    assert find("no_leak", text, seed) == ((True, "") if told is None else (False, f"gives the answer away: {told}"))


@pytest.mark.parametrize(
    ("answer", "text", "told"),
    [
        ("1200", "You should get $1{,}200$ bricks.", "1{,}200"),
        ("1200", r"You should get $1\,200$ bricks.", r"1\,200"),
        ("1200000", r"It comes to $1.2 \times 10^6$.", "1200000"),
        (r"1.2 \times 10^6", "It comes to 1,200,000.", "1,200,000"),
        ("$1{,}000$", "It is a thousand or so.", "thousand"),
        ("3/4", r"You should get $\frac34$.", r"\frac34"),
        ("0.75", r"You should get $75\%$.", "75%"),
        ("25 cm^2", "It is 25 in all.", "25"),
        (r"4\sqrt{3}", "You should get 4√3.", "4sqrt3"),
        (r"4\sqrt{3}", r"You should get $4 \sqrt{3}$.", "4 sqrt3"),
        (r"2\pi", "You should get 2π.", "2pi"),
        (r"\frac{x}{2}", "You should get x/2.", "x/2"),
        ("(2, 3)", "They meet at $(2,3)$.", "(2,3)"),
        ("x^2 + 3x", "You should get x² + 3x.", "x^2 + 3x"),
        ("x^{2}+3x", "It is *x^2 + 3x* - see?", "x^2 + 3x"),
        ("3:4", "As 3 : 4.", "3 : 4"),
        (r"\text{Paris}", "It is Paris.", "Paris"),
    ],
)
def test_the_answer_in_latex_or_typed_otherwise_is_a_leak(answer: str, text: str, told: str) -> None:
    assert find("no_leak", text, answered(answer, "So it is.")) == (False, f"gives the answer away: {told}")


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (r"2\pi", "Think of the 2 halves."),
        (r"\sqrt{2}", "There are 2 sides."),
        ("3x", "Look at 3x + 2 again."),
        ("3x", "Look at x^2 + 3x again."),
        ("3x", "Not 13x."),
        ("x+1", "Start from 2x+1."),
        ("3:4", "Not 13:4."),
        ("(2, 3)", "Not (2, 3.5)."),
        ("25 cm^2", "Multiply 2 sides."),
    ],
)
def test_a_part_of_an_expression_or_a_longer_one_is_no_leak(answer: str, text: str) -> None:
    assert find("no_leak", text, answered(answer, "So it is.")) == (True, "")


def test_an_expression_of_the_question_is_no_leak() -> None:
    seed = Seed(instruction=r"Is it $4 \sqrt{3}$ or less?", response="It is.", answer="4√3", kind="math")
    assert find("no_leak", "You have 4√3.", seed) == (True, "")


GASES = Seed(
    instruction="Which gas do plants absorb? A) Oxygen B) Carbon dioxide C) Nitrogen",
    response="B",
    answer="B",
    kind="choice",
)


@pytest.mark.parametrize(
    "text",
    [
        "The right answer is carbon dioxide.",
        "It is carbon dioxide, not oxygen, that plants absorb.",
        "No: it's the **carbon dioxide**.",
        "**Carbon dioxide** is what you should have chosen.",
        "Carbon dioxide is the right one.",
        "You should have picked carbon dioxide.",
    ],
)
def test_the_words_of_the_right_option_are_a_leak_where_they_are_said_to_be_it(text: str) -> None:
    assert find("no_leak", text, GASES) == (False, "gives the answer away: Carbon dioxide")


@pytest.mark.parametrize(
    "text",
    [
        "Think about what carbon dioxide does in a leaf.",
        "Compare oxygen and carbon dioxide.",
        "Carbon dioxide is a gas; is oxygen what they take in?",
        "You said that it is oxygen.",
        "I do not say that it is carbon dioxide.",
        "Is it carbon dioxide, or oxygen?",
    ],
)
def test_the_words_of_an_option_may_be_talked_about(text: str) -> None:
    assert find("no_leak", text, GASES) == (True, "")


def test_true_is_told_by_a_statement_only() -> None:
    seed = Seed(instruction="Is it so? A) True B) False", response="A", answer="A", kind="choice")
    assert find("no_leak", "It is true that you read it well.", seed) == (True, "")
    assert find("no_leak", "The answer is true.", seed) == (False, "gives the answer away: True")


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("There are two things to do.", True),
        ("Step 2: look again.", True),
        ("1. Read it.\n2. Read it again.", True),
        ("Do it in 2 steps.", True),
        ("The second one counts.", True),
        ("There are two apples.", False),
    ],
)
def test_what_a_teacher_counts_is_no_leak(text: str, passed: bool) -> None:
    assert find("no_leak", text, answered("2", "There are 2 apples."))[0] is passed


def test_what_the_question_asks_for_is_counted_in_earnest() -> None:
    seed = Seed(instruction="How many steps does it take?", response="2 steps.", answer="2", kind="math")
    assert find("no_leak", "It takes 2 steps.", seed) == (False, "gives the answer away: 2")


def test_the_question_may_name_the_answer_in_another_form() -> None:
    seed = Seed(instruction="Is half an hour enough?", response="30 minutes are.", answer="30", kind="math")
    assert find("no_leak", "You have 30 minutes.", seed) == (True, "")


def test_a_right_answer_that_was_given_is_no_secret() -> None:
    right, wrong = "18 - 7 = 11. The answer is 11.", "18 - 11 = 7. The answer is 7."
    told = (True, "the answer has been given before")
    assert find("no_leak", "Yes, 11.", BUS, (right,), ("student",)) == told
    assert find("no_leak", "Yes, 11.", BUS, (wrong,), ("student",)) == (False, "gives the answer away: 11")
    in_passing = "18 - 7 = 11, then 11 - 7 = 4. The answer is 4."
    assert find("no_leak", "Yes, 11.", BUS, (in_passing,), ("student",)) == (False, "gives the answer away: 11")
    assert find("no_leak", "Yes, 11.", BUS, (right,), ("teacher",)) == (False, "gives the answer away: 11")


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("Compare options A and B.", True),
        ("A better way is to read it again.", True),
        ("You chose C; is it not (B)?", False),
        ("Look at (C) again.", True),
        ("The answer is B, not A.", False),
    ],
)
def test_letters_that_the_student_named_are_no_leak(text: str, passed: bool) -> None:
    assert find("no_leak", text, choice("B"), ("The answer is C.",), ("student",))[0] is passed


def test_programs_have_no_final_answer() -> None:
    seed = Seed(instruction="Write f.", response="def f(): ...", answer="assert f() == 1", kind="code")
    assert find("no_leak", "assert f() == 1", seed) == (None, "the seed has no checkable answer")


def test_amounts() -> None:
    found = amounts("$5, 2 1/2 cups, three quarters of 12 and -4 miles, not the third way")
    assert [(str(a.value), a.measure) for a in found] == [
        ("3/4", ""), ("5", "money"), ("5/2", "cups"), ("12", ""), ("-4", "imperial"),
    ]  # fmt: skip


ADVICE = "Look at the people who get off: their number has to go away from those who were there before."


def echo(text: str, *teacher: str) -> tuple[bool | None, str]:
    finding = check("no_echo", CheckInput(target=BUS, text=text, role="student", phase="revise", teacher=teacher))
    return finding.passed, finding.detail


def test_no_echo() -> None:
    own = "I added, but people get off. 18 people were there and 7 go away, so 18 - 7 = 11 stay. The answer is 11."
    assert echo(own, ADVICE) == (True, "")
    assert echo(own) == (None, "no teacher has spoken before it")
    assert echo("It is 11, I see.", ADVICE) == (None, "too short to compare with what the teacher said")
    assert echo(ADVICE, "Well.", ADVICE) == (False, "says the teacher's words again: 100% of its runs of five")


def test_an_echo_is_more_than_three_fifths() -> None:
    """ADVICE has 19 words, 15 runs of five; each word put after it adds a run that is not the teacher's."""
    nine = "so I take seven from eighteen and get eleven"
    ten = f"{nine} then"
    assert echo(f"{ADVICE} {nine}", ADVICE) == (False, "says the teacher's words again: 62% of its runs of five")
    assert echo(f"{ADVICE} {ten}", ADVICE) == (True, "")


def test_the_question_is_no_echo() -> None:
    text = f"{BUS.instruction} I think of it."
    assert echo(text, BUS.instruction) == (True, "")
