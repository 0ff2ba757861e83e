"""Debate beside voting: the conclusion is verified where it can be, else it has to be what most of the debaters say.

The vote it is held against is that of first answers: for each debater who spoke before, the answer of the first turn
that states one, and the conclusion itself. Later turns of a debater do not vote: what is said after hearing the others
is no evidence of its own. An answer that most voters give is the vote's; without one the vote is split. So two who
agree outvote a third, and where they differ the third decides, which is to the vote's favour: who concludes has heard
the debate, and often knows a solution.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from master_autogen.arithmetic import read_final, same_answer
from master_autogen.checks.answers import verify
from master_autogen.checks.finding import CheckFinding, CheckInput
from master_autogen.records import CodeCheck, Seed

_STATED = re.compile(r"(?:####|\\boxed\{|\banswers?(?: is| are|:))\s*(?P<said>[^\n]+)", re.IGNORECASE)
_LETTER = re.compile(r"\W{0,3}(?P<letter>[A-H])(?:\W{0,3}$|[).:\]])")
_LONGEST = 6
"""Words of a short answer; a longer one is said in other words each time, and cannot be counted."""

Told = Literal["right", "wrong", "unread"]


def majority(turn: CheckInput) -> CheckFinding:
    """Whether the conclusion is verified, or, where it cannot be, what most of the first answers say.

    None where the conclusion cannot be read, or no two answers agree. For a seed that can be checked the detail begins
    with how the vote came out and who of the voters was right: "vote right of wrong, right, right: 35, 37, 37".
    """
    seed = turn.target
    texts = [*_first_turns(turn), turn.text]
    answers = [stated(text, seed) for text in texts]
    shown = ", ".join("-" if answer is None else answer for answer in answers)
    most = _most(answers)
    if not seed.checkable_by(turn.code_check):
        return _held(answers, most, shown)
    told = [_told(text, seed, turn.code_check) for text in texts]
    vote = _vote(answers, most, told)
    passed = {"right": True, "wrong": False}.get(told[-1])
    if passed is None:
        passed = _held(answers, most, shown).passed
    return CheckFinding(passed=passed, detail=f"vote {vote} of {', '.join(told)}: {shown}")


def stated(text: str, seed: Seed) -> str | None:
    """The final answer that `text` states, as far as answers can be counted: a number, a letter, a few words."""
    if seed.kind == "math":
        final = read_final(text)
        return f"{final.text} {final.unit}".strip() if final is not None and final.sure else None
    found = list(_STATED.finditer(text))
    if not found:
        return None
    said = found[-1]["said"]
    if letter := _LETTER.match(said):
        return letter["letter"]
    words = re.split(r"[.!?](?:\s|$)|\}\s*$", said)[0].strip(" :*\"'“”`($)").split()
    return " ".join(words) if 0 < len(words) <= _LONGEST else None


def _first_turns(turn: CheckInput) -> list[str]:
    """For each other speaker the first turn that states an answer, else the first turn."""
    found: dict[str, str] = {}
    for role, text in zip(turn.speakers, turn.said, strict=True):
        if role == turn.role:
            continue
        if role not in found or (stated(found[role], turn.target) is None and stated(text, turn.target) is not None):
            found[role] = text
    return list(found.values())


def _told(text: str, seed: Seed, code_check: CodeCheck) -> Told:
    right = verify(text, seed, code_check=code_check)
    return "unread" if right is None else "right" if right else "wrong"


def _same(one: str, other: str) -> bool:
    """Whether two voters say the same; what cannot be compared is not."""
    return same_answer(one, other) is True or _bare(one) == _bare(other)


def _bare(answer: str) -> str:
    return re.sub(r"^(?:the|a|an) |[^\w ]", "", answer.casefold()).strip()


def _most(answers: Sequence[str | None]) -> str | None:
    """The answer that more than half of those give whose answer can be read, two at least."""
    read = [answer for answer in answers if answer is not None]
    for answer in read:
        votes = sum(_same(answer, other) for other in read)
        if votes >= 2 and 2 * votes > len(read):
            return answer
    return None


def _vote(answers: Sequence[str | None], most: str | None, told: Sequence[Told]) -> str:
    """How the vote came out: as the voters did who say what most say."""
    if sum(answer is not None for answer in answers) < 2:
        return "unread"
    if most is None:
        return "split"
    said = {t for answer, t in zip(answers, told, strict=True) if answer is not None and _same(most, answer)}
    return "right" if "right" in said else "wrong" if "wrong" in said else "unread"


def _held(answers: Sequence[str | None], most: str | None, shown: str) -> CheckFinding:
    concluded = answers[-1]
    if concluded is None:
        return CheckFinding(passed=None, detail="no final answer found")
    if most is None:
        return CheckFinding(passed=None, detail=f"no two agree: {shown}")
    if _same(most, concluded):
        return CheckFinding(passed=True, detail=f"as most say: {shown}")
    return CheckFinding(passed=False, detail=f"says {concluded}, most say {most}: {shown}")
