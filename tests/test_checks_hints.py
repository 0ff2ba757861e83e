"""What is skipped, kept or counted in a quicker way changes no finding: each is held against the plain way."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import ExitStack
from importlib import import_module
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from master_autogen.arithmetic import (
    amounts,
    equations,
    equations_of_whole,
    finals,
    hints,
    numbers,
    plain,
    read_final,
    squeezed,
    statement,
)
from master_autogen.arithmetic.hints import letter_runs
from master_autogen.checks import REGISTRY, CheckInput, check, check_all, drift, form, text
from master_autogen.checks.amounts import amounts as spoken_amounts
from master_autogen.checks.languages import NAMES, letters, names_one
from master_autogen.records import Seed

BUS = Seed(
    instruction="There are 18 people on a bus. 7 get off. How many people are on the bus now?",
    response="There are 18 - 7 = 11 people on the bus. The answer is 11.",
    answer="11",
    kind="math",
)
_PIECES = (
    "one two ten twenty-one half a halves thirds quarter noon midnight million hundred plus minus times of x xX is are "
    "makes gives equals equal to divided by answer answers solution final result value correct option choice check "
    "checking proof tip note that takeaway p.s. sanity often someone student teacher: Tutor A: B: élève: 老师： schüler: I "
    "am an AI as A.I. model 作为一个AI sorry I cannot help with that made by prompt says not than over 18 7 11 3.5 1,200 "
    "12,34,567 12 500 1e5 10^3 10⁴ 2½ ¾ ٣ 5% $5 £ 3rd 3:30 pm a.m. 2:3 ( ) [ < > = + - − – — * ** ** * ` ``` # #### "
    "\\ \\frac{1}{2} \\boxed{4} $ $$ & ~ _ __ << >> . . , ; : ? ! \n \n\n ’ ' ſix mınus İ K é 🙂 the the bus and and"
)
PHRASES = (
    "The answer is 5. ",
    "The solution is ten. ",
    "correct option: 7",
    "final value = 3",
    "5 minus 3 equals 2. ",
    "3 + 4 is equal to 7. ",
    "7 times 6 eggs is 42. ",
    "3 xX 4 = 12. ",
    "-$5",
    "- $ 5",
    "in 12,34,567",
    "mınus 5",
    "sıx",
    "at 3 pm",
    "by noon",
    "two and a half",
    ". Check: 5",
    "\nTutor: No.\n",
    "\nSchüler: Nein.\n",
    "\nA: I say.\nB: No.\n",
    "not 5",
    "I cannot help with that. ",
    "As an AI, I add. ",
)
TEXTS = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(_PIECES.split(" ")), st.sampled_from(PHRASES)),
        st.sampled_from(("", " ", " ", " ", "  ", "\u00a0", "\n")),
    ),
    max_size=12,
).map(lambda parts: "".join(piece + gap for piece, gap in parts))
EVERY_WORD = letter_runs(" ".join((_PIECES, *PHRASES))) | hints._MEASURES | drift._META_WORDS | form._ASCII_SPEAKERS


def without_hints() -> ExitStack:
    """As if each text held every word and sign that is looked for first, so that every pattern is tried."""
    stack = ExitStack()
    arithmetic = "master_autogen.arithmetic."
    for module in ("tokens", "amounts", "equations", "finals", "plain"):
        stack.enter_context(patch(f"{arithmetic}{module}.letter_runs", lambda _: EVERY_WORD))
    for place in (
        f"{arithmetic}statements",
        f"{arithmetic}finals",
        "master_autogen.checks.drift",
        "master_autogen.checks.form",
    ):
        stack.enter_context(patch(f"{place}.runs_of_whole", lambda _: EVERY_WORD))
    stack.enter_context(patch("master_autogen.checks.amounts.letter_runs", lambda _: EVERY_WORD))
    for place in ("amounts", "equations", "finals", "plain", "tokens"):
        name = "may_hold_amount" if place == "amounts" else "has_figure"
        stack.enter_context(patch(f"{arithmetic}{place}.{name}", lambda _: True))
    stack.enter_context(patch("master_autogen.checks.amounts.may_hold_amount", lambda _: True))
    stack.enter_context(patch("master_autogen.checks.leaks.has_figure", lambda _: True))
    stack.enter_context(patch(f"{arithmetic}equations._may_calculate", lambda _: True))
    stack.enter_context(patch("master_autogen.checks.form._may_tag", lambda *_: True))
    stack.enter_context(patch("master_autogen.checks.drift._META_SIGNS", ("",)))
    rules = tuple((("",), pattern, to) for _, pattern, to in import_module(f"{arithmetic}plain")._RULES)
    stack.enter_context(patch(f"{arithmetic}plain._RULES", rules))
    for guard in ("_GAP", "_EXPONENT_OR_GAP", "_COMMAS", "_TWO_BLANKS"):
        stack.enter_context(patch(f"{arithmetic}plain.{guard}", re.compile("")))
    stack.enter_context(patch("master_autogen.arithmetic.beside._NEGATION_ENDS", ("",)))
    return stack


def _empty_caches() -> None:
    equations_of_whole.cache_clear()
    finals._known.cache_clear()


def _read(said: str) -> list[object]:
    _empty_caches()
    return [
        plain(said),
        numbers(said),
        amounts(said),
        spoken_amounts(said),
        equations(said),
        statement(said),
        read_final(said),
        read_final(said, BUS.instruction),
    ]


@pytest.mark.parametrize("said", PHRASES)
def test_no_number_of_these_is_missed(said: str) -> None:
    quick = _read(said)
    with without_hints():
        assert _read(said) == quick


@settings(max_examples=300)
@given(TEXTS)
@example("the answer is nowten")
@example("the ans**wer is 5, not 6 or 7")
@example("t`e`n eggs")
@example("t<<x>>en eggs")
@example("3 xX 4 = 12")
@example("5 plus 3 equals 8")
def test_no_number_is_missed(said: str) -> None:
    quick = _read(said)
    with without_hints():
        assert _read(said) == quick


@settings(max_examples=300)
@given(TEXTS, st.sampled_from(("student", "slow_student", "teacher", "ärztin")))
@example("\nSchüler: Nein.", "teacher")
@example("\nTutor: No.", "teacher")
def test_no_finding_is_missed(said: str, role: str) -> None:
    turn = CheckInput(target=BUS, text=said, role=role, phase="say")
    names = ("one_speaker", "no_meta", "no_calculation", "no_leak", "complete")
    _empty_caches()
    quick = check_all(names, turn)
    with without_hints():
        _empty_caches()
        assert check_all(names, turn) == quick


@pytest.mark.parametrize(("needed", "pattern"), [(needed, pattern) for _, needed, pattern in drift._META_PATTERNS])
@given(data=st.data())
def test_a_match_has_one_of_its_hints(data: st.DataObject, needed: frozenset[str], pattern: re.Pattern[str]) -> None:
    said = data.draw(st.from_regex(pattern))
    assert not needed.isdisjoint(letter_runs(said)) or any(sign in said.lower() for sign in drift._META_SIGNS)


@given(st.one_of(TEXTS, st.text(), st.text(alphabet="aBé’'.,1²٣ \n—_Σ\ud800", max_size=40)))
def test_words_are_those_of_the_pattern(said: str) -> None:
    found = re.findall(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*", said.lower().replace("’", "'"))
    assert text.words(said) == text.words_of_whole(said) == tuple(found)


@given(st.one_of(TEXTS, st.text()))
def test_letters_of_scripts(said: str) -> None:
    assert letters(said)["Latin"] >= len(re.findall("[A-Za-z]", said))
    assert letters(said).total() == sum(letter.isalpha() for letter in said)


@given(st.one_of(st.from_regex(NAMES), st.text()))
@example("Traduzca esto al eſpañol")
def test_questions_that_name_a_language(question: str) -> None:
    assert names_one(question) is (NAMES.search(question) is not None)


SAID = st.lists(st.sampled_from(("go", "on", "with", "the", "bus", "7")), max_size=45)
SENTENCE = st.lists(st.sampled_from(("go", "on", "with", "the", "bus", "7")), min_size=1, max_size=6).map(" ".join)


def _plain_loop(said: list[str], reference: list[str]) -> str:
    """A run of words straight after itself, as one would look for it."""
    known = " ".join(reference)
    for length in range(1, 13):
        times = max(3, -(-12 // length))
        for i in range(len(said) - times * length + 1):
            block = said[i : i + length]
            if said[i : i + times * length] != block * times or " ".join(block * times) in known:
                continue
            if any(word[0].isalpha() for word in block):
                return " ".join(block)
    return ""


@given(SAID, st.integers(1, 13), st.integers(1, 13), st.integers(0, 45), st.booleans())
def test_no_loop_is_missed(said: list[str], length: int, times: int, at: int, known: bool) -> None:
    said = said[:at] + said[:length] * times + said[at:]
    reference = said if known else []
    assert drift._loop(" ".join(said), " ".join(reference)) == _plain_loop(said, reference)


@given(st.lists(SENTENCE, min_size=1, max_size=4), st.lists(st.integers(0, 3), max_size=9))
@example(["go on with it", "the bus", "stop", "7"], [0, 1, 0, 2, 0])
def test_no_sentence_is_missed(sentences: list[str], order: list[int]) -> None:
    told = ". ".join(sentences[i % len(sentences)] for i in order)
    said = Counter(text.words(sentence) for sentence in told.split(". "))
    looped = [
        " ".join(words)
        for words, times in said.items()
        if times >= 3 and len(words) >= 4 and sum(word != "7" for word in words) >= 3
    ]
    found = drift._loop(told, "")
    assert found == looped[0] if looped else found == _plain_loop(list(text.words(told)), [])


@given(SAID, SAID, st.integers(0, 45), st.sampled_from(("math", "general")))
def test_turns_that_are_almost_the_same(one: list[str], other: list[str], shared: int, kind: Any) -> None:
    other = one[:shared] + other[:3] + one[shared:]
    turn = CheckInput(
        target=BUS.model_copy(update={"kind": kind}),
        text=" ".join(one),
        role="student",
        phase="say",
        said=(" ".join(other),),
    )
    runs = [{tuple(said[i : i + 3]) for i in range(len(said) - 2)} for said in (one, other)]
    alike = len(runs[0] & runs[1]) / max(1, len(runs[0] | runs[1]))
    excused = kind == "math" and ("7" in one) != ("7" in other)
    same = one == other or (alike > 0.8 and not excused)
    if len(one) >= 6 and not drift._loop(turn.text, turn.target.response):
        assert check("not_repeated", turn).passed is not same


@given(
    st.lists(
        st.sampled_from(("bus", "people", "driver", "stop", "`", "is", "on", "snow", "wind", "rain", "ice", "hail"))
    )
)
@example(["snow", "wind", "rain", "ice", "frost", "hail"])
def test_what_a_turn_shares_with_what_was_said(said: list[str]) -> None:
    told = ("The driver stops `the bus", "in snow` and wind")
    turn = CheckInput(target=BUS, text=" ".join(said), role="student", phase="say", said=told)
    mine = text.content(text.prose(turn.text))
    about = text.content(text.prose(" ".join((BUS.instruction, *told))))
    passed = None if len(mine) < 6 else len(mine & about) > 1
    assert check("on_topic", turn).passed is passed


@given(st.integers(0, 120), st.integers(95, 105), st.sampled_from(" \n\t"))
def test_long_blanks_are_found_wherever_they_stand(before: int, length: int, blank: str) -> None:
    said = "a" * before + blank * length + "b"
    assert squeezed(said) == re.sub(r"\s{100,}", "\n\n" if blank == "\n" else " ", said)


def test_all_checks_at_once_find_what_each_finds() -> None:
    turn = CheckInput(target=BUS, text="18 - 7 = 11." + " " * 200 + "The answer is 11.", role="student", phase="say")
    assert check_all(tuple(REGISTRY), turn) == [check(name, turn) for name in REGISTRY]


@pytest.mark.parametrize(
    ("said", "value", "unit"),
    [
        ("-5", -5, ""),
        ("so - 5", -5, ""),
        ("so -  5", -5, ""),
        ("-$5", -5, "dollar"),
        ("- $ 5", -5, "dollar"),
        ("minus 5", -5, ""),
        ("Negative 5", -5, ""),
        ("mınus $ 5", -5, "dollar"),
        ("costs $ 5", 5, "dollar"),
        ("costs £5", 5, "gbp"),
    ],
)
def test_signs_and_currencies_before_a_number(said: str, value: int, unit: str) -> None:
    found = amounts(said)
    assert [(amount.value, amount.unit) for amount in found] == [(value, unit)]


def test_signs_and_currencies_of_an_answer() -> None:
    said = ("-$5", "$ -5", "−5", "minus 5", "Negative 5")
    found = [amount for one in said for amount in spoken_amounts(one)]
    assert [(amount.value, amount.measure) for amount in found] == [(-5, "money")] * 2 + [(-5, "")] * 3
    assert spoken_amounts("$ 5")[0].measure == "money"


@pytest.mark.parametrize("said", ["5 minuſ 3 = 2", "sıx halves", "two and a ſixth", "three ſixths", "5 mıllion"])
def test_letters_that_are_like_others_stop_nothing(said: str) -> None:
    """Patterns that ignore case take them for the others; the tables of words do not know them."""
    assert _read(said)
    assert [equation.true for equation in equations(f"{said}, 5 - 3 = 2")] == [True]


def test_formulas_are_no_prose_and_a_formula_without_end_is_read_in_no_time() -> None:
    assert text.prose(r"So $a \cdot b$ is left, and $5 or $x$ too") == "So   is left, and $5 or $x$ too"
    endless = "$" + r"\a" * 100_000  # where each place is tried for every end, a minute
    assert text.prose(endless) == endless
