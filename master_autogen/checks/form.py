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

_AMOUNT = re.compile(r"[*_ \t(\\$£€−-]*\d")
_TO_SOMEBODY = r"[?!]|\b(?:i|i['’]m|me|my|you|your|we|us|our|let['’]?s?"
_SPOKEN_TO = re.compile(rf"(?i){_TO_SOMEBODY})\b")
_SPOKEN = re.compile(rf"(?i){_TO_SOMEBODY}|yes|no|not|right|wrong|correct)\b")
_LONGER = re.compile(r"[^\W\d_]{2,}")
_ENTRY = 3
"""Words of an entry: "5 × $4 = $20 in all"."""
_NEXT_SENTENCE = re.compile(r"[.!?]\s+\S")
_QUOTED = re.compile(r"[\"“][^\"”\n]*[\"”]|(?<!\w)['‘][^\n]*?['’](?!\w)")
_DOES = """
add adopt answer argue arrive assume claim compute conclude confuse correct count decide divide double explain follow
halve ignore include keep look miss mix offer point propose reach reckon round skip solve start state subtract suggest
treat triple use want weigh work
"""
_DID = """
applied applies began begins did does forgets forgot found finds gave gets gives goes got had halves has is made makes
misread misreads multiplied multiplies overlooked overlooks read reads said saw says sees stopped stops takes thinks
thought took was went writes wrote
"""
_REPORTS = re.compile(
    rf"(?i)[\s*_>#:–—-]*((?:(?:also|correctly|first|incorrectly|only|rightly|then|wrongly) )?"
    rf"(?:{'|'.join(f'{verb}(?:e?s|e?d)' for verb in _DOES.split())}|{'|'.join(_DID.split())})\b)"
)


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
    two names by turns. In multiple choice "A:" is an option; tags that the question or its reference has may stand, and
    so may the entries of a list: "Child: 5 × $4 = $20", or "Student A: adds twice" by one who weighs what A said."""
    text = prose(turn.text)
    tags = _unknown(_tags(text, turn) if _may_tag(text, turn.role) else [], turn.target)
    if not tags and turn.target.kind in ("math", "choice") and text.count(":") > 3:
        tags = _unknown(_by_turns(_parts_of_lines(text)), turn.target)
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
    others, tags = _others(turn), []
    for found in _tag(turn.role).finditer(text):
        name, said = " ".join("".join(found.groups("")).split()), text[found.end() :]
        bare = name.casefold().removeprefix("the ")
        listed = found[1] and _is_entry(bare, said.split("\n", 1)[0], first=not text[: found.start()].strip())
        if not listed and not (bare in others and _tells_of(said)):
            tags.append(name + (":" if found[1] else ""))
    tags = list(dict.fromkeys(tags))
    lone = [name for name in tags if re.fullmatch("[A-Z]:", name)]
    if turn.target.kind == "choice" or len(tags) == 1:
        return [name for name in tags if name not in lone]
    return tags


def _counts(said: str) -> bool:
    """Whether an amount or a calculation follows a name, as in a list, and nobody speaks."""
    return _AMOUNT.match(said) is not None and not _SPOKEN.search(said)


def _is_entry(name: str, said: str, *, first: bool) -> bool:
    """Whether it is the entry of a list, as of prices. What begins a turn is none but for names that no part has."""
    if name == "child" or not _counts(said):
        return _counts(said)
    spoken = len(_LONGER.findall(said)) > _ENTRY or _NEXT_SENTENCE.search(said) is not None
    return not spoken and (len(name) == 1 or not first)


def _others(turn: CheckInput) -> set[str]:
    """The names of those whom the speaker may report of: who spoke before, for one who is none of the first two."""
    if turn.role.endswith(("_a", "_b")):
        return set()
    roles = {role for role in turn.speakers if role != turn.role}
    names = {role.replace("_", " ") for role in roles}
    return names | {role[-1] for role in roles if role[-2:-1] == "_"}


def _tells_of(said: str) -> bool:
    """Whether it begins in the third person, and says "I" or "you" in quotes alone."""
    found = _REPORTS.match(said)
    if found is None:
        return False
    line = said[found.start(1) :].split("\n", 1)[0]
    return _SPOKEN_TO.search(_QUOTED.sub("", line)) is None


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
    return [name for name, _ in _named_lines(text)]


def _named_lines(text: str) -> list[tuple[str, str]]:
    """What stands before a colon at the start of each line, where it could be a name (one or two capitalised words),
    and what follows it."""
    return re.findall(r"(?m)^[\s>*_\-•]*([A-Z][a-z]+(?: [A-Z][a-z]*)?)[*_]*:(?=[*_\s\"“])(.*)", text)


def _parts_of_lines(text: str) -> list[str]:
    """Those names that could be speakers: somewhere more than an amount follows."""
    named = _named_lines(text)
    speak = {name for name, said in named if not _counts(said)}
    return [name for name, _ in named if name in speak]


def _by_turns(names: list[str]) -> list[str]:
    """Two names that come back one after the other, as in a dialogue; headings of a list come once."""
    again = [name for name in dict.fromkeys(names) if names.count(name) > 1 and name not in _HEADINGS]
    changes = sum(one != other for one, other in pairwise(name for name in names if name in again))
    return again if len(again) == 2 and changes >= 3 else []
