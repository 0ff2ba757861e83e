"""Each check: what passes, what fails, what cannot be told, with the text that the log will hold."""

from __future__ import annotations

import pytest

from master_autogen.checks import REGISTRY, CheckInput, check, verify
from master_autogen.records import CHECKS, Seed

BUS = Seed(
    instruction="There are 18 people on a bus. 7 get off. How many people are on the bus now?",
    response="There are 18 - 7 = 11 people on the bus. The answer is 11.",
    answer="11",
    kind="math",
)
ESSAY = Seed(instruction="Describe a tree.", response="Tall.", kind="general")


def find(
    name: str,
    text: str,
    seed: Seed = BUS,
    *,
    role: str = "student",
    truncated: bool = False,
    said: tuple[str, ...] = (),
) -> tuple[bool | None, str]:
    turn = CheckInput(target=seed, text=text, role=role, phase="say", truncated=truncated, said=said)
    finding = check(name, turn)
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
        ("I wrote 18 - 7 = 12, since I forgot to count. So 18 - 7 = 11.", (True, "1 equation holds")),
        ("I wrote 18 people - 7 people = 12 people.", (None, "no equation that could be checked")),
        ('"18-7=12" came of counting badly.', (None, "no equation that could be checked")),
        ("First 18 - 7 = 12. Now I count again, and get 11.", (None, "no equation that could be checked")),
        ("The step 7 - 5 = 3 was wrong.", (None, "no equation that could be checked")),
        ("So 18 - 7 = 12. The answer is 12.", (False, "not true: 18 - 7 = 12")),
        ("I wrote 18 - 7 = 13.", (False, "not true: 18 - 7 = 13")),
        ("I wrote 8 - 7 = 12.", (False, "not true: 8 - 7 = 12")),
        ("I wrote 18 - 7 = 12. But 18 - 7 = 10.", (False, "not true: 18 - 7 = 10")),
    ],
)
def test_a_mistake_may_be_quoted_to_correct_it(text: str, found: tuple[bool | None, str]) -> None:
    assert find("sound_steps", text, said=("18 - 7 = 12. The answer is 12.", "7 - 5 = 3 = 3 * 1")) == found


def test_a_mistake_of_the_question_may_be_quoted() -> None:
    seed = BUS.model_copy(update={"instruction": "Tom says 3 + 4 = 8. Is he right?"})
    told = (None, "no equation that could be checked")
    assert find("sound_steps", "Tom says 3 + 4 = 8, which is too much.", seed) == told
    assert find("sound_steps", "Yes, 3 + 4 = 8.", seed) == (False, "not true: 3 + 4 = 8")


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


@pytest.mark.parametrize(
    "text",
    [
        "The answer is **72**",
        "The answer is: **72 clips.**",
        "So the farmer now has **20 sheep**. \N{SHEEP}",
        "So you see, the total is 72 ✅",
        "Try again! \N{FLEXED BICEPS}\N{EMOJI MODIFIER FITZPATRICK TYPE-3}\N{VARIATION SELECTOR-16}",
        "Look at the 7 once more :)",
        "Natalia sold **72 clips**",
        "$48 + 24 = 72$ clips",
        "The answer is $x^2 + 3x$",
        r"\(\frac{1}{4} \times 240 = 60\)",
        r"So we get \boxed{10\pi}",
        "Together: 14 + 42 = 56 stickers",
        "speed = distance / time = 180 km / 2.5 h = 72 km/h",
        "Discounted price: $510\nTax: $51\nFinal price: $561",
        "**Result:** `263`",
        "x = 9 or x = -9",
        "(x, y) = (3, 2)",
        "2x > 10, so x > 5",
        "(x + 3)(x + 2)",
        "| Tom | 14 |\n| **Total** | **56** |",
        "<answer>x</answer>",
    ],
)
def test_a_turn_may_end_in_bold_a_symbol_a_formula_or_a_result(text: str) -> None:
    assert find("complete", text) == (True, "")


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("The answer is **", "The answer is **"),
        ("**The answer is:**", "**The answer is:**"),
        ("And then we go to the \N{BUS}", "go to the \N{BUS}"),
        ("So 18 - 7 = 11 people who", "= 11 people who"),
        ("So 18 - 7 = 11, which leaves the bus", "which leaves the bus"),
        ("Then 18 - 7 = 11. The answer", "= 11. The answer"),
        ("If $x = 3$", "If $x = 3$"),
        ("Add the sum of $a$", "the sum of $a$"),
        ("The equation is $y = 2x", "is $y = 2x"),
        ("**56 stickers** (14 for Tom", "stickers** (14 for Tom"),
        ("**Step 2: Add the 48**", "2: Add the 48**"),
        ("Remaining people = 18 − 7", "= 18 − 7"),
        ("x = 9 or x", "= 9 or x"),
        ("x = 3, y", "x = 3, y"),
        ("Tom takes 2*", "Tom takes 2*"),
        ("| Tom | 14 |\n| **Total** | **56**", "| **Total** | **56**"),
    ],
)
def test_a_turn_that_stops_in_mid_sentence_has_no_end_in_such_signs(text: str, last: str) -> None:
    assert find("complete", text) == (False, f"ends in mid-sentence: {last!r}")


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("A", True),
        ("b", True),
        ("Blue", True),
        ("b) blue", True),
        ("The answer is B", True),
        ("The answer is (B) blue", True),
        ("**Answer: B) blue**", True),
        ("The sky is never red. So: B", True),
        ("The answer is B)", False),
        ("A is wrong because the sky", False),
        ("I'd choose A because red", False),
        ("So I compare A and B", False),
        ("Red is a warm colour. Option B", False),
    ],
)
def test_a_multiple_choice_answer_may_end_in_its_option(text: str, passed: bool) -> None:
    assert find("complete", text, choice("B"))[0] is passed


def test_cut_off_by_the_token_limit() -> None:
    assert find("complete", "A whole sentence.", truncated=True) == (False, "cut off by the token limit")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I think the teacher is right: it is 5.", (True, "")),
        ("Answer: 5", (True, "")),
        ("Teacher: Look again.", (False, "carries the name tag 'Teacher:'")),
        ("**Student A:** I see.", (False, "carries the name tag 'Student A:'")),
        ("**Teacher**: Look again.", (False, "carries the name tag 'Teacher:'")),
        ("- Tutor (smiling): Well done.", (False, "carries the name tag 'Tutor:'")),
        ("[Teacher] Look again.", (False, "carries the name tag '[Teacher]'")),
        ("### Teacher\nLook again.", (False, "carries the name tag 'Teacher'")),
        ("Student B - I doubt that.", (False, "carries the name tag 'Student B'")),
        ("老师：再看一遍。", (False, "carries the name tag '老师:'")),
        ("Mia: I say 5.\nTom: No, 6.\nMia: Why?\nTom: Look.", (False, "speaks for two: 'Mia' and 'Tom'")),
        ("Given: 18\nWanted: people\nGiven: 7\nWanted: people left", (True, "")),
        ("B: 5 apples, as I call it.", (True, "")),
        ("`Teacher: Look` is what it prints.", (True, "")),
        ("Students: 18, buses: 1.", (True, "")),
        ("I see. Teacher: Good.", (False, "carries the name tag 'Teacher:'")),
        ("Student: I see.\nTeacher: Good.", (False, "speaks for two: 'Student:' and 'Teacher:'")),
        ("A: I say 5.\nB: I say 6.", (False, "speaks for two: 'A:' and 'B:'")),
    ],
)
def test_one_speaker(text: str, found: tuple[bool | None, str]) -> None:
    assert find("one_speaker", text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Child: 5 × $4 = $20\nAdult: 3 × $9 = $27\nTotal: $47", (True, "")),
        ("**April:** 48\n**May:** 24\n\nCheck:\n**April:** 48\n**May:** 24", (True, "")),
        ("Given:\nA: 48\nB: 24", (True, "")),
        ("Teacher: 18 is not right.", (False, "carries the name tag 'Teacher:'")),
        ("Student: 18?\nTeacher: 18!", (False, "speaks for two: 'Student:' and 'Teacher:'")),
        ("They pay:\nStudent: 3 × $4 = $12\nTeacher: $9", (True, "")),
        ("Student: 18 - 7 = 11", (False, "carries the name tag 'Student:'")),
        ("So:\nTeacher: 18 - 7 = 11. Great work.", (False, "carries the name tag 'Teacher:'")),
        ("A: 18 - 7 = 11, so that is what is left.\nB: I see.", (False, "speaks for two: 'A:' and 'B:'")),
        ("[Teacher] 18 - 7 = 11", (False, "carries the name tag '[Teacher]'")),
        ("Teacher:\n18 - 7 = 11", (False, "carries the name tag 'Teacher:'")),
        ("Mia: I say 5.\nTom: 6.\nMia: Why?\nTom: 6, you see.", (False, "speaks for two: 'Mia' and 'Tom'")),
    ],
)
def test_a_name_with_an_amount_is_the_entry_of_a_list(text: str, found: tuple[bool | None, str]) -> None:
    assert find("one_speaker", text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- Student A: added 48 twice, which is not right.\n- Student B: halved it.", (True, "")),
        ("**Student A:** adds 48 twice.\n\n**Student B:** correctly halves first.", (True, "")),
        ("### Student A\n\nAdds 48 twice.\n\n### Student B\n\nHalves first.", (True, "")),
        ('A: claims "I add all of it!"\nB: forgets the stop.', (True, "")),
        ("Student A: I add.\nStudent B: halves it.", (False, "carries the name tag 'Student A:'")),
        ("Student A: Added, I get 72.\nStudent B: Is it?", (False, "speaks for two: 'Student A:' and 'Student B:'")),
        ("Student C: adds it.\nTeacher: says so.", (False, "speaks for two: 'Student C:' and 'Teacher:'")),
        ("Student A: Boxes hold 12.", (False, "carries the name tag 'Student A:'")),
    ],
)
def test_who_weighs_a_debate_may_list_what_the_others_did(text: str, found: tuple[bool | None, str]) -> None:
    said = {"said": ("18 + 7", "18 - 7"), "speakers": ("student_a", "student_b")}
    turn = CheckInput(target=BUS, text=text, role="student_c", phase="conclude", **said)
    finding = check("one_speaker", turn)
    assert (finding.passed, finding.detail) == found


def test_who_debates_lists_nobody() -> None:
    turn = CheckInput(
        target=BUS, text="Student B: halves it.", role="student_a", phase="say", said=("7",), speakers=("student_b",)
    )
    assert check("one_speaker", turn).detail == "carries the name tag 'Student B:'"


def test_tags_of_the_role_itself_and_options() -> None:
    assert find("one_speaker", "Slow student: I add.", role="slow_student")[0] is False
    assert find("one_speaker", "A: red is nice.\nB: blue is not.", choice("A")) == (True, "")


def test_a_dialogue_that_was_asked_for_has_its_tags() -> None:
    seed = Seed(instruction="Write a chat.", response="User: Is it warm?\nAssistant: It is.", kind="general")
    assert find("one_speaker", "User: Is it cold?\nAssistant: No.", seed) == (True, "")
    assert find("one_speaker", "User: Is it cold?\nTeacher: No.", seed)[0] is False


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("I hope to hear from you.\n\nKind regards,\nDaniel Osei", True),
        ("Popcorn and jelly bean", True),
        ("def f(x):\n    return sorted(x, reverse=True)", True),
        ("```python\nx = 1", False),
        ("And then we go to the", False),
        ("It is a small town by the sea where people go to swim in", False),
    ],
)
def test_answers_to_open_questions_may_end_open(text: str, passed: bool) -> None:
    assert find("complete", text, ESSAY)[0] is passed


def test_not_empty() -> None:
    assert find("not_empty", "Yes.") == (True, "")
    assert find("not_empty", " ... \n") == (False, "says nothing")
