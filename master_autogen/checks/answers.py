"""Checks of what a turn says: is its final answer right, do its equations hold, does it give the answer away.

A check that cannot tell says None: an unread answer is neither right nor wrong. For a checkable seed without a readable
final answer that is "no final answer found"; whoever asks decides whether to ask again.
"""

from __future__ import annotations

import re

from master_autogen.arithmetic import Final, equations, numbers, read_final, same_answer
from master_autogen.checks.finding import CheckFinding, CheckInput
from master_autogen.records import Seed

_LETTER = r"[\s*\[]*\(?((?:[A-H]|(?<=\()[a-h](?=\)))(?![A-Za-z'’]))[\s)\].*]*"
_CHOICES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"####{_LETTER}",
        r"\\boxed\{(?:\\text\{)?\(?([A-Ha-h])\)?\}",
        rf"(?i:\banswer(?: is|:)|\boption|\bchoice){_LETTER}",
        rf"(?m:^){_LETTER}$",
    )
)
_STATED = re.compile(r"(?i)\b(?:answer|result|total)\s+(?:is|will be|comes to)\s*:?\s*\W{0,3}\d")


def verify(text: str, seed: Seed) -> bool | None:
    """Whether the final answer of `text` is the seed's; None if one of them cannot be read, or another is as likely."""
    return _judge(text, seed)[0]


def _judge(text: str, seed: Seed) -> tuple[bool | None, str]:
    if not seed.checkable or seed.answer is None:
        return None, "the seed has no checkable answer"
    final = _choice(text) if seed.kind == "choice" else read_final(text)
    if final is None:
        return None, "no final answer found"
    if not final.sure:
        return None, "could not tell which number is the answer"
    same = same_answer(f"{final.text} {final.unit}", seed.answer)
    if same is None:
        return None, f"could not compare {final.text!r} with the reference"
    if not same and not final.explicit and _among_last(text, seed.answer):
        return None, "could not tell which number is the answer"
    return same, f"says {final.text}, which is {'right' if same else 'wrong'}"


def _choice(text: str) -> Final | None:
    """The letter chosen, as "answer is (B)", "#### B", \\boxed{B} or B alone on a line."""
    for pattern in _CHOICES:
        if found := list(pattern.finditer(text.strip())):
            letters = {match[1].upper() for match in found}
            return Final(found[-1][1].upper(), explicit=True, sure=pattern is not _CHOICES[2] or len(letters) == 1)
    return None


def _among_last(text: str, answer: str) -> bool:
    closing = re.split(r"(?<=[.!?])\s+|\n+", text.strip())[-1]
    return any(same_answer(number.text, answer) for number in numbers(closing))


def wrong_answer(turn: CheckInput) -> CheckFinding:
    """Passes only where the final answer is plain and verifiably not the reference's."""
    right, detail = _judge(turn.text, turn.target)
    return CheckFinding(passed=None if right is None else not right, detail=detail)


def right_answer(turn: CheckInput) -> CheckFinding:
    right, detail = _judge(turn.text, turn.target)
    return CheckFinding(passed=right, detail=detail)


def sound_steps(turn: CheckInput) -> CheckFinding:
    """Fails at the first false equation; None where no equation could be checked."""
    found = equations(turn.text)
    for equation in found:
        if equation.true is False:
            return CheckFinding(passed=False, detail=f"not true: {equation.text}")
    checked = sum(equation.true is True for equation in found)
    if not checked:
        return CheckFinding(passed=None, detail="no equation that could be checked")
    unread = len(found) - checked
    more = f", {unread} could not be read" if unread else ""
    return CheckFinding(passed=True, detail=f"{checked} equation{'s' * (checked > 1)} hold{'s' * (checked == 1)}{more}")


def no_leak(turn: CheckInput) -> CheckFinding:
    """The reference's final answer must not be in the turn, in figures or words; what the question names is no leak."""
    seed = turn.target
    if seed.answer is None:
        return CheckFinding(passed=None, detail="the seed has no checkable answer")
    if seed.kind == "choice":
        chosen = _choice(turn.text)
        leaked = chosen is not None and same_answer(chosen.text, seed.answer) is True
        return CheckFinding(passed=not leaked, detail="gives the answer away" if leaked else "")
    said = [number.text for number in numbers(turn.text) if number.text.lower() != "one"]
    said += re.findall(r"\d+\s?/\s?\d+|\d{1,2}:\d{2}", turn.text)
    given = [number.text for number in numbers(seed.instruction)]
    known = any(same_answer(text, seed.answer) for text in given)
    for text in said:
        if not known and same_answer(text, seed.answer):
            return CheckFinding(passed=False, detail=f"gives the answer away: {text}")
    if not numbers(seed.answer) and not known and seed.answer.casefold() in turn.text.casefold():
        return CheckFinding(passed=False, detail="gives the answer away")
    return CheckFinding(passed=True)


def no_calculation(turn: CheckInput) -> CheckFinding:
    """No equation with numbers and no stated result; what the question itself works out may be quoted."""
    for equation in equations(turn.text):
        if equation.text not in turn.target.instruction:
            return CheckFinding(passed=False, detail=f"works out {equation.text}")
    final = read_final(turn.text)
    if (final is not None and final.explicit) or _STATED.search(turn.text):
        return CheckFinding(passed=False, detail="states a result")
    return CheckFinding(passed=True)
