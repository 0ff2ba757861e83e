"""Checks of how a turn is put: it says something, to its end, in one voice."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from master_autogen.arithmetic import runs_of_whole
from master_autogen.checks.endings import ends
from master_autogen.checks.finding import PASSED, CheckFinding, CheckInput
from master_autogen.checks.text import prose
from master_autogen.records import Seed

_NAMES = """
teacher tutor instructor professor student pupil learner child classmate peer user assistant human system speaker
narrator lehrerin lehrer schülerin schüler professeure professeur élève profesora profesor estudiante alumno alumna
老师 学生
"""
_SPEAKERS = _NAMES.split()
_ASCII_SPEAKERS = frozenset(filter(str.isascii, _SPEAKERS))
_OTHER_SPEAKERS = ("chüler", "lève", "老师", "学生")
_MARKS = ":：[<>–—-#"
"""Each name tag has one of these."""
_LONE_LETTERS = frozenset("abcqst")
_LABELS = """
Answer Approach Calculation Check Con Example Explanation Fact First Formula Given Hint Idea Input Method Next Note
Output Plan Problem Pro Question Reason Result Rule Second Solution Step Then Total Wanted Why
"""
_HEADINGS = frozenset(_LABELS.split())
"""What stands before a colon in a solution, and is nobody's name."""


def not_empty(turn: CheckInput) -> CheckFinding:
    if re.search(r"\w", turn.text):
        return PASSED
    return CheckFinding(passed=False, detail="says nothing")


def complete(turn: CheckInput) -> CheckFinding:
    """Ends like a sentence, a block of code, a list of figures or a stated answer, and not at the token limit. Open
    questions may be answered by a short line or a line of code."""
    text = turn.text.rstrip()
    if turn.truncated:
        return CheckFinding(passed=False, detail="cut off by the token limit")
    if not text:
        return CheckFinding(passed=False, detail="says nothing")
    if text.count("```") % 2:
        return CheckFinding(passed=False, detail="ends inside a block of code")
    if text.endswith((".", "!", "?")) or ends(text.splitlines()[-1].strip(), turn.target):
        return PASSED
    return CheckFinding(passed=False, detail=f"ends in mid-sentence: {' '.join(text.split()[-4:])!r}")


def one_speaker(turn: CheckInput) -> CheckFinding:
    """No "Teacher:", "**Student B**:", "[Tutor]" or the like at the start of a line or sentence, and no dialogue of
    two names by turns. In multiple choice "A:" is an option; tags that the question or its reference has may stand."""
    text = prose(turn.text)
    tags = _unknown(_tags(text, turn) if _may_tag(text, turn.role) else [], turn.target)
    if not tags and turn.target.kind in ("math", "choice") and text.count(":") > 3:
        tags = _unknown(_by_turns(_names_of_lines(text)), turn.target)
        tags = tags if len(tags) > 1 else []
    if not tags:
        return PASSED
    if len(tags) == 1:
        return CheckFinding(passed=False, detail=f"carries the name tag '{tags[0]}'")
    return CheckFinding(passed=False, detail=f"speaks for two: '{tags[0]}' and '{tags[1]}'")


def _unknown(tags: list[str], seed: Seed) -> list[str]:
    """Those that neither the question nor its reference has."""
    if not tags:
        return tags
    known = {name.casefold() for name in _names_of_lines(f"{seed.instruction}\n{seed.response}")}
    return [tag for tag in tags if tag.rstrip(":").casefold() not in known]


def _may_tag(text: str, role: str) -> bool:
    """False where `_tags` finds nothing for certain: no speaker is named, nor do two lone letters stand for some."""
    if not any(mark in text for mark in _MARKS):
        return False
    said = runs_of_whole(text)
    if not _ASCII_SPEAKERS.isdisjoint(said) or runs_of_whole(role) <= said:
        return True
    if text.count(":") + text.count("：") > 1 and not _LONE_LETTERS.isdisjoint(said):
        return True
    return not text.isascii() and any(part in text.lower() for part in _OTHER_SPEAKERS)


def _tags(text: str, turn: CheckInput) -> list[str]:
    """Tags that name a part in a lesson. A letter by itself is one only beside another tag: it may stand for a sum."""
    found = ["".join(groups).strip() + (":" if groups[0] else "") for groups in _tag(turn.role).findall(text)]
    tags = list(dict.fromkeys(" ".join(name.split()) for name in found))
    lone = [name for name in tags if re.fullmatch("[A-Z]:", name)]
    if turn.target.kind == "choice" or len(tags) == 1:
        return [name for name in tags if name not in lone]
    return tags


@lru_cache(maxsize=64)
def _tag(role: str) -> re.Pattern[str]:
    names = "|".join([*_SPEAKERS, re.escape(role.replace("_", " "))])
    person = rf"(?:the\s+)?(?:{names})(?:\s+(?:[a-z]|\d))?"
    return re.compile(
        rf"(?i)(?:^[\s>#*_\-•]*|(?<=[.!?\"”])\s+[*_]*)"
        rf"(?:({person}|(?-i:[A-CQST]))[*_]*(?:\s?\([^)\n]{{1,30}}\))?[*_]*\s?[:：](?!\d)"
        rf"|(\[(?:{person})\]|<(?:{person})>)"
        rf"|(?<![^\n])({person})[*_]*\s?(?:[–—]|-(?=\s)|>)\s?(?=[\"“A-Z*])"
        rf"|^#+\s*({person})\s*$)",
        re.MULTILINE,
    )


def _names_of_lines(text: str) -> list[str]:
    """What stands before a colon at the start of each line, where it could be a name: one or two capitalised words."""
    return re.findall(r"(?m)^[\s>*_\-•]*([A-Z][a-z]+(?: [A-Z][a-z]*)?)[*_]*:(?=[*_\s\"“])", text)


def _by_turns(names: list[str]) -> list[str]:
    """Two names that come back one after the other, as in a dialogue; headings of a list come once."""
    again = [name for name in dict.fromkeys(names) if names.count(name) > 1 and name not in _HEADINGS]
    changes = sum(one != other for one, other in pairwise(name for name in names if name in again))
    return again if len(again) == 2 and changes >= 3 else []
