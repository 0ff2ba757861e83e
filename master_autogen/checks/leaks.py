"""Checks that the teacher leaves the work to the student, and the student does not say it after the teacher."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from master_autogen.arithmetic import equations_of_whole, has_figure, numbers, plain, read_final, statement
from master_autogen.checks.amounts import Amount, amounts, clocks, same_amount
from master_autogen.checks.answers import verify
from master_autogen.checks.choices import option_of, told_in_words
from master_autogen.checks.finding import PASSED, CheckFinding, CheckInput
from master_autogen.checks.quotes import is_one_of, results, says_again
from master_autogen.checks.text import runs, words_of_whole
from master_autogen.checks.typed import has_signs, stands_in, unpowered
from master_autogen.records import Seed

_STATED = re.compile(r"(?i)\b(?:answer|result|total)\s+(?:is|will be|comes to)\s*+:?\s*+\W{0,3}(\d[\d.,]*)")
_COUNTS_PLACES = re.compile(
    r"(?mi)^[\s>*_#]*\(?\d{1,2}[.)](?=\s)|\b(?:step|part|point|hint|line|attempt|rule|question|exercise)s? \d{1,2}\b"
)
_COUNTED = """
amounts facts figures groups hints ideas kinds mistakes numbers operations parts pieces points questions quantities
sentences stages steps students things times values ways words
"""
_NO_AMOUNT = frozenset(_COUNTED.split())
"""What a teacher counts that is no answer: "two steps", "three things"; unless the question asks for them."""
_LETTER = re.compile(
    r"(?i:\b(?:options?|choices?|answers?(?: is| was)?|letters?|pick|choose|it is|it['’]s)\s*:?\s*)[\s*(\[\"“]*([A-H])"
    r"(?![A-Za-z'’])|\(([A-Ha-h])\)|\b(?:and|or|not|than|with)\s+\(?([B-H])\b(?!['’])|(?m:^)\s*\**([A-H])\**[.)]?\s*$"
)

_RUN = 5
_ECHO = 0.6
_TO_COMPARE = 12


def no_leak(turn: CheckInput) -> CheckFinding:
    """The reference's final answer must not be in the turn, in any form; what the question names is no leak, nor is
    the answer once another speaker has given it. Of a programming seed: no program that passes the tests."""
    seed, how = turn.target, turn.code_check
    if seed.answer is None or (seed.kind == "code" and not seed.checkable_by(how)):
        return CheckFinding(passed=None, detail="the seed has no checkable answer")
    if any(verify(text, seed, code_check=how) is True for text in _others(turn)):
        return CheckFinding(passed=True, detail="the answer has been given before")
    if seed.kind == "code":
        leaked = verify(turn.text, seed, code_check=how) is True
        return CheckFinding(passed=not leaked, detail="gives the answer away: its program passes" if leaked else "")
    if seed.kind == "choice":
        named = _letters(turn.text) - {letter for text in _others(turn) for letter in _letters(text)}
        right = option_of(seed.answer, seed.instruction) or seed.answer.strip(" ().").upper()
        stated = re.search(rf"(?i:\banswer is)\W{{0,4}}{re.escape(right)}\b", turn.text) is not None
        told = right if stated or named == {right} else told_in_words(turn.text, seed.instruction, right)
        return CheckFinding(passed=not told, detail=f"gives the answer away: {told}" if told else "")
    told_as = _told(turn.text, seed)
    return CheckFinding(passed=told_as is None, detail=f"gives the answer away: {told_as}" if told_as else "")


def _others(turn: CheckInput) -> list[str]:
    """What other speakers have said before; all that the teacher did not say, if no one is named."""
    if turn.speakers:
        return [text for text, role in zip(turn.said, turn.speakers, strict=True) if role != turn.role]
    return [text for text in turn.said if text not in turn.teacher]


def _letters(text: str) -> set[str]:
    return {next(filter(None, found)).upper() for found in _LETTER.findall(text)}


def _told(text: str, seed: Seed) -> str | None:
    """The form in which the text has the answer, as it stands there or in plain signs."""
    forms = dict.fromkeys((text, plain(text)))
    return next((told for form in forms if (told := _told_as(form, seed)) is not None), None)


def _told_as(text: str, seed: Seed) -> str | None:
    assert seed.answer is not None
    text = _COUNTS_PLACES.sub(" ", text) if has_figure(text) else text
    secret = _secret(seed.instruction, seed.response, seed.answer)
    if secret.times:
        told = (set(secret.times) & clocks(text)) - clocks(seed.instruction)
        return "{}:{:02d}".format(*told.pop()) if told else None
    if secret.in_words:
        return _told_in_words(text, seed)
    if secret.named:
        return None
    if secret.amount is None:
        return stands_in(seed.answer, text)
    for amount in amounts(text):
        counts = amount.after in _NO_AMOUNT and amount.after not in words_of_whole(seed.instruction)
        pronoun = amount.shown.lower() == "one"
        if not counts and not pronoun and same_amount(amount, secret.amount):
            return amount.shown
    return None


class _Secret(NamedTuple):
    """What a turn must not tell unless the question has `named` it: `times` of day, or words, or an `amount`; with none
    of them an expression."""

    times: frozenset[tuple[int, int]]
    in_words: bool
    amount: Amount | None
    named: bool


@lru_cache(maxsize=1024)  # a seed's turns ask for it one by one
def _secret(question: str, reference: str, answer: str) -> _Secret:
    typed = unpowered(answer)
    answers = amounts(typed)
    single = len(answers) == 1 and not has_signs(typed)
    amount = _with_unit(answers[0], plain(reference)) if single else None
    if amount is None:
        named = stands_in(answer, question) is not None
    else:
        named = any(same_amount(given, amount) for given in (*amounts(question), *amounts(plain(question))))
    in_words = not numbers(typed) and not has_signs(typed)
    return _Secret(frozenset(clocks(answer)), in_words, amount, named)


def _told_in_words(text: str, seed: Seed) -> str | None:
    """An answer that is no number: said word for word; yes and no only where they are said to be the answer."""
    assert seed.answer is not None
    bare = plain(seed.answer).strip().casefold()
    if not bare or bare in seed.instruction.casefold():
        return None
    before = r"\banswer(?: is|:)\W{0,3}" if bare in ("yes", "no", "true", "false") else r"(?<!\w)"
    found = re.search(rf"{before}({re.escape(bare)})(?!\w)", text.casefold())
    return text[slice(*found.span(1))] if found else None


def _with_unit(answer: Amount, reference: str) -> Amount:
    """The answer with the unit that the reference gives it, where the bare answer has none."""
    if answer.measure or answer.percent:
        return answer
    for amount in reversed(amounts(reference)):
        if amount.value == answer.value and (amount.measure or amount.percent):
            return amount
    return answer


def no_calculation(turn: CheckInput) -> CheckFinding:
    """No equation with numbers and no stated result; what the question works out, or another speaker has said, may be
    quoted."""
    for equation in equations_of_whole(turn.text):
        if not says_again(equation, (turn.target.instruction, *_others(turn))):
            return CheckFinding(passed=False, detail=f"works out {equation.text}")
    stated = _stated(turn)
    if stated:
        said = results(_others(turn), turn.target.instruction)
        if not all(is_one_of(result, said) for result in stated):
            return CheckFinding(passed=False, detail="states a result")
    return PASSED


def _stated(turn: CheckInput) -> list[str]:
    """The results that the turn states; an amount alone in a line is none where the question names it."""
    stated = [found[1].rstrip(".,") for found in _STATED.finditer(turn.text)] if has_figure(turn.text) else []
    final = read_final(turn.text)
    if final is None or not final.explicit:
        return stated
    question = turn.target.instruction
    alone = statement(turn.text) is None
    named = alone and is_one_of(final.text, (number.text for number in numbers(question)))
    return stated if named else [*stated, final.text]


def no_echo(turn: CheckInput) -> CheckFinding:
    """Not mostly what the teacher said: of its runs of five words, those of the question aside, 60 % at most."""
    if not turn.teacher:
        return CheckFinding(passed=None, detail="no teacher has spoken before it")
    mine = list(runs(words_of_whole(turn.text), _RUN))
    if len(mine) + _RUN - 1 < _TO_COMPARE:
        return CheckFinding(passed=None, detail="too short to compare with what the teacher said")
    theirs = {run for text in turn.teacher for run in runs(words_of_whole(text), _RUN)}
    if sum(map(theirs.__contains__, mine)) > _ECHO * len(mine):
        theirs -= set(runs(words_of_whole(turn.target.instruction), _RUN))
        share = sum(map(theirs.__contains__, mine)) / len(mine)
        if share > _ECHO:
            return CheckFinding(passed=False, detail=f"says the teacher's words again: {share:.0%} of its runs of five")
    return PASSED
