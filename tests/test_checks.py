"""Each check: what passes, what fails, what cannot be told, with the text that the log will hold."""

from __future__ import annotations

import pytest

from master_autogen.checks import REGISTRY, CheckFinding, CheckInput, check, verify
from master_autogen.records import CHECKS, Seed

BUS = Seed(
    instruction="There are 18 people on a bus. 7 get off. How many people are on the bus now?",
    response="There are 18 - 7 = 11 people on the bus. The answer is 11.",
    answer="11",
    kind="math",
)
ESSAY = Seed(instruction="Describe a tree.", response="Tall.", kind="general")


def find(
    name: str, text: str, seed: Seed = BUS, *, role: str = "student", truncated: bool = False
) -> tuple[bool | None, str]:
    finding = check(name, CheckInput(target=seed, text=text, role=role, phase="say", truncated=truncated))
    return finding.passed, finding.detail


def choice(answer: str) -> Seed:
    return Seed(instruction="Which? A: red B: blue", response=answer, answer=answer, kind="choice")


def test_the_registry_is_what_scenarios_are_read_against() -> None:
    assert list(REGISTRY) == list(CHECKS)


def test_an_unknown_check_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        find("no_such_check", "text")


@pytest.mark.parametrize(
    ("text", "right", "detail"),
    [
        ("18 - 7 = 11, so the answer is 11.", True, "says 11, which is right"),
        ("The answer is eleven.", True, "says eleven, which is right"),
        ("18 + 7 = 25. The answer is 25.", False, "says 25, which is wrong"),
        ("There are 25 people.", False, "says 25, which is wrong"),
        ("I do not know.", None, "no final answer found"),
        ("There are 25 people, or 11.", None, "could not tell which number is the answer"),
        ("18 - 6 = 12, but then 11.", None, "could not tell which number is the answer"),
    ],
)
def test_right_and_wrong_answers(text: str, right: bool | None, detail: str) -> None:
    assert find("right_answer", text) == (right, detail)
    assert find("wrong_answer", text) == (None if right is None else not right, detail)
    assert verify(text, BUS) is right


def test_a_number_that_rounds_to_the_answer_is_not_verifiably_wrong() -> None:
    seed = BUS.model_copy(update={"answer": "33"})
    assert find("wrong_answer", "9 / 27 * 100 = 33.333, which rounds down to 33", seed)[0] is False
    seed = BUS.model_copy(update={"answer": "33.33"})
    assert find("wrong_answer", "9 / 27 * 100 = 33.3", seed) == (None, "could not compare '33.3' with the reference")


@pytest.mark.parametrize("name", ["right_answer", "wrong_answer", "no_leak"])
def test_seeds_without_a_checkable_answer(name: str) -> None:
    assert find(name, "The answer is 5.", ESSAY) == (None, "the seed has no checkable answer")


def test_answers_that_cannot_be_compared() -> None:
    seed = BUS.model_copy(update={"answer": "1.5"})
    assert find("wrong_answer", "The answer is 90 minutes.", seed) == (
        None,
        "could not compare '90' with the reference",
    )
    assert find("wrong_answer", "The answer is ninety.", seed) == (True, "says ninety, which is wrong")
    seed = BUS.model_copy(update={"answer": "Paris"})
    assert find("right_answer", "The answer is 5.", seed) == (None, "could not compare '5' with the reference")


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("The answer is (B).", True),
        (r"\boxed{\text{B}}", True),
        ("I think it is blue.\nB", True),
        ("#### A", False),
        ("Option A fits.", False),
        ("The answer is a bit unclear.", None),
        ("Option A or option B.", None),
    ],
)
def test_multiple_choice(text: str, right: bool | None) -> None:
    assert find("right_answer", text, choice("B"))[0] is right


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("First 18 - 7 = 11.", (True, "1 equation holds")),
        ("18 - 7 = 11 and 11 + 4 = 15", (True, "2 equations hold")),
        ("18 - 7 = 11, x + 4 = 15, 3x + 5 = 20", (True, "1 equation holds, 1 could not be read")),
        ("18 - 7 = 12. Then 12 + 4 = 16.", (False, "not true: 18 - 7 = 12")),
        ("Just count.", (None, "no equation that could be checked")),
        ("3x + 5 = 20", (None, "no equation that could be checked")),
    ],
)
def test_sound_steps(text: str, found: tuple[bool | None, str]) -> None:
    assert find("sound_steps", text) == found


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


def test_what_has_been_given_as_the_answer_before_is_no_leak() -> None:
    said = CheckInput(target=BUS, text="Yes, 11.", role="teacher", phase="correct", said=("The answer is 11.",))
    assert check("no_leak", said) == CheckFinding(passed=True, detail="the answer has been given before")
    in_passing = said.model_copy(update={"said": ("18 - 7 = 11, then 11 - 7 = 4. The answer is 4.",)})
    assert check("no_leak", in_passing) == CheckFinding(passed=False, detail="gives the answer away: 11")


def test_leaks_in_multiple_choice_and_in_words() -> None:
    assert find("no_leak", "Think about why it is option B.", choice("B")) == (False, "gives the answer away")
    assert find("no_leak", "Think about both options.", choice("B")) == (True, "")
    assert find("no_leak", "It is paris.", BUS.model_copy(update={"answer": "Paris"})) == (
        False,
        "gives the answer away",
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


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A whole sentence.", (True, "")),
        ('He said: "Go!"', (True, "")),
        ("#### 42", (True, "")),
        ("The answer is 42", (True, "")),
        ("```python\nreturn 1\n```", (True, "")),
        ("- first\n- second item", (True, "")),
        ("And then we go to the", (False, "ends in mid-sentence: 'we go to the'")),
        ("So 18 - 7 =", (False, "ends in mid-sentence: '18 - 7 ='")),
        ("First, look,", (False, "ends in mid-sentence: 'First, look,'")),
        ("", (False, "says nothing")),
    ],
)
def test_complete(text: str, found: tuple[bool | None, str]) -> None:
    assert find("complete", text) == found


def test_cut_off_by_the_token_limit() -> None:
    assert find("complete", "A whole sentence.", truncated=True) == (False, "cut off by the token limit")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I think the teacher is right: it is 5.", (True, "")),
        ("Answer: 5", (True, "")),
        ("Teacher: Look again.", (False, "carries the name tag 'Teacher:'")),
        ("**Student A:** I see.", (False, "carries the name tag 'Student A:'")),
        ("I see. Teacher: Good.", (False, "carries the name tag 'Teacher:'")),
        ("Student: I see.\nTeacher: Good.", (False, "speaks for two: 'Student:' and 'Teacher:'")),
        ("A: I say 5.\nB: I say 6.", (False, "speaks for two: 'A:' and 'B:'")),
    ],
)
def test_one_speaker(text: str, found: tuple[bool | None, str]) -> None:
    assert find("one_speaker", text) == found


def test_tags_of_the_role_itself_and_options() -> None:
    assert find("one_speaker", "Slow student: I add.", role="slow_student")[0] is False
    assert find("one_speaker", "A: red is nice.\nB: blue is not.", choice("A")) == (True, "")


def test_not_empty() -> None:
    assert find("not_empty", "Yes.") == (True, "")
    assert find("not_empty", " ... \n") == (False, "says nothing")
