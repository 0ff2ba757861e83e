"""Checks of what a turn says: is its final answer right, do its equations hold.

A check that cannot tell says None: an unread answer is neither right nor wrong. For a checkable seed without a readable
final answer that is "no final answer found"; whoever asks decides whether to ask again.
"""

from __future__ import annotations

import re
from functools import lru_cache

from master_autogen.arithmetic import (
    Amount,
    Equation,
    amounts,
    asked_unit,
    equations_of_whole,
    is_expression,
    numbers,
    one_amount,
    plain,
    read_final,
    rivals,
    same_answer,
    statement,
)
from master_autogen.checks.choices import choice, option_of, options
from master_autogen.checks.code import judge_code
from master_autogen.checks.finding import CheckFinding, CheckInput
from master_autogen.checks.quotes import corrects, says_again
from master_autogen.checks.symbolic import same_expression
from master_autogen.checks.words import same_words
from master_autogen.records import CodeCheck, Seed

_FORMULA = re.compile(r"\$\$(.+?)\$\$|\\\[(.+?)\\\]|\\\((.+?)\\\)|(?<![\\\w])\$([^$\n]+?)\$", re.DOTALL)
_ENDING = re.compile(r"(?i)\b(?:is|are|equals|get|gives|becomes|comes to|so|therefore|thus|hence)\b[:,]?\s*|:\s+")
_WORDS_BEHIND = re.compile(r"(?<=[\w)}\]!])(?:\s+(?!sqrt|sin|cos|tan|log)[A-Za-z]{3,}\b)+[.!]?$")
_IN = re.compile(r"\b(\d+) (?:in|out of|to) (?:every )?(\d+)\b")

Judgement = tuple[bool | None, str]

LONGEST = 8000
"""Characters: of a longer text the end is read."""


def verify(text: str, seed: Seed, *, code_check: CodeCheck = "off") -> bool | None:
    """Whether the final answer of `text` is the seed's; None if one of them cannot be read, or another is as likely.
    A program is run with the seed's tests, in the way that `code_check` says."""
    return _judge(text, seed, code_check)[0]


def _judge(text: str, seed: Seed, code_check: CodeCheck) -> Judgement:
    if seed.kind == "code" and seed.answer is not None:
        return judge_code(text, seed, code_check)
    if not seed.checkable or seed.answer is None:
        return None, "the seed has no checkable answer"
    text = text[-LONGEST:]
    if seed.kind == "choice":
        return _judge_choice(text, seed.instruction, seed.answer)
    if seed.kind == "general":
        same, stated = same_words(text, seed.answer)
        return same, _says(stated, same) if stated else "no final answer found"
    return _judge_maths(text, seed, seed.answer)


def _judge_choice(text: str, question: str, answer: str) -> Judgement:
    chosen, right = choice(text, question), option_of(answer, question)
    if chosen is None and right and (final := read_final(text)) is not None and final.explicit and final.sure:
        known = [same_answer(final.text, words) for words in options(question).values()]
        if known and all(same is False for same in known):
            return False, f"says {final.text}, which is none of the options"
    if chosen is None or not right:
        return None, "no final answer found"
    if len(chosen.letter) > 1 or (not chosen.sure and chosen.letter == right):
        return None, "could not tell which option is the answer"
    return chosen.letter == right, _says(chosen.letter, chosen.letter == right)


def _judge_maths(text: str, seed: Seed, answer: str) -> Judgement:
    expected = one_amount(answer)
    if expected is not None and (expected.form == "ratio" or "/" in expected.written):
        text = _IN.sub(r"\1/\2" if expected.form == "number" else r"\1:\2", text)
    stated = statement(text)
    if stated is not None and expected is not None:
        shown = rf"\({stated.text}\)" if stated.strong else stated.text  # "5!" in a box is no exclamation
        if is_expression(shown, stated.rest):
            return _judge_both(_judge_value(shown, expected), _judge_number(text, seed, answer))
    if stated is not None:
        clause = _clause(stated.text)
        same = same_answer(clause, answer) if _whole(stated.text.partition(clause or "\n")[2] + stated.rest) else None
        if same or (same is False and expected is not None and expected.form == "ratio"):
            return same, _says(clause, same)
    if stated is not None and (expected is None or read_final(stated.text) is None):
        return _judge_expression(stated.text, answer)
    if expected is None:
        return _judge_expression(_last_expression(text), answer)
    return _judge_number(text, seed, answer)


def _judge_both(expression: Judgement, number: Judgement) -> Judgement:
    """What is said of a stated expression; a text that comes to the right number by another is not plainly wrong."""
    if expression[0] is None:
        return number
    if number[0] and not expression[0]:
        return None, "could not tell which number is the answer"
    return expression


def _judge_number(text: str, seed: Seed, answer: str) -> Judgement:
    final = _final(text, seed.instruction)
    if final is None:
        return None, "no final answer found"
    if not final.sure:
        return None, "could not tell which number is the answer"
    same = same_answer(f"{final.text} {final.unit}".strip(), answer, _asked(seed, answer))
    if same is None:
        return None, f"could not compare {final.text!r} with the reference"
    if not same and any(same_answer(amount.text, answer) for amount in rivals(text, final)):
        return None, "could not tell which number is the answer"
    return same, _says(final.text, same)


_final = lru_cache(maxsize=1024)(read_final)
"""A turn's answer is read again where a later turn must not give it away."""


def _judge_expression(given: str, answer: str) -> Judgement:
    given = _clause(given)
    if not given:
        return None, "no final answer found"
    same = same_answer(given, answer)
    if same is None:
        same = same_expression(given, answer)
    return same, _says(given, same) if same is not None else f"could not compare {given!r} with the reference"


def _judge_value(given: str, expected: Amount) -> Judgement:
    given = _WORDS_BEHIND.sub("", _clause(given))
    value = expected.value / 100 if expected.form == "percent" else expected.value
    same = same_expression(given, str(value))
    return same, _says(given, same)


def _clause(stated: str) -> str:
    """A stated expression without the words behind it: to the end of its formula, or of its sentence."""
    marks = ".!?,"
    if (formula := _FORMULA.match(stated)) is not None:
        stated = next(group for group in formula.groups() if group)
        marks = ".?,"
    return re.split(
        rf"(?<=[^\W_]|[)\]}}²³°%$])[{marks}]?(?:\s+(?=[A-Z][a-z])|$)|[,;]?\s(?:because|since|which|where|as)\s", stated
    )[0].strip(" $.")


def _whole(rest: str) -> bool:
    """Whether nothing after the statement could take it back."""
    return not numbers(rest)


def _says(what: str, same: bool | None) -> str:
    return f"says {what}, which {'cannot be told' if same is None else 'is right' if same else 'is wrong'}"


@lru_cache(maxsize=1024)
def _asked(seed: Seed, answer: str) -> str:
    """The unit that a bare answer is in: as the question asks for it, else as the reference's solution writes it."""
    if asked := asked_unit(seed.instruction):
        return asked
    written = [
        amount for amount in amounts(plain(seed.response)) if same_answer(amount.written, answer) and amount.unit
    ]
    return written[-1].unit if written else ""


def _last_expression(text: str) -> str:
    """What the text comes to, where it states no answer: its last formula, or the end of its last line."""
    lines = [line for line in text.splitlines() if line.strip()]
    told = [line for line in lines if not line.rstrip().endswith("?")] or lines
    formulas = [next(group for group in m.groups() if group) for m in _FORMULA.finditer(text)]
    last = (
        formulas[-1]
        if formulas
        else _ENDING.split(re.sub(r"(?<=[^\W_]|[)\]}²³°%π])[.!]\s+[A-Z].*$", "", told[-1]))[-1]
        if told
        else ""
    )
    several = re.search(r"(?i)\bor\b|\band\b|,|\\pm|±", last)
    return last.strip() if several else last.split("=")[-1].strip()


def wrong_answer(turn: CheckInput) -> CheckFinding:
    """Passes only where the final answer is plain and verifiably not the reference's."""
    right, detail = _judge(turn.text, turn.target, turn.code_check)
    return CheckFinding(passed=None if right is None else not right, detail=detail)


def right_answer(turn: CheckInput) -> CheckFinding:
    right, detail = _judge(turn.text, turn.target, turn.code_check)
    return CheckFinding(passed=right, detail=detail)


def sound_steps(turn: CheckInput) -> CheckFinding:
    """Fails at the first false equation; None where no equation could be checked. One that the question or an earlier
    turn has may be quoted, to correct it."""
    found = [equation for equation in equations_of_whole(turn.text) if not _quoted(equation, turn)]
    for equation in found:
        if equation.true is False:
            return CheckFinding(passed=False, detail=f"not true: {equation.text}")
    checked = sum(equation.true is True for equation in found)
    if not checked:
        return CheckFinding(passed=None, detail="no equation that could be checked")
    unread = len(found) - checked
    more = f", {unread} could not be read" if unread else ""
    return CheckFinding(passed=True, detail=f"{checked} equation{'s' * (checked > 1)} hold{'s' * (checked == 1)}{more}")


def _quoted(equation: Equation, turn: CheckInput) -> bool:
    if equation.true is not False:
        return False
    return says_again(equation, (turn.target.instruction, *turn.said)) and corrects(equation, turn.text)
