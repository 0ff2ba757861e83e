"""Checks of how a turn is put: it says something, to its end, in one voice."""

from __future__ import annotations

import re
from itertools import pairwise

from master_autogen.arithmetic import read_final
from master_autogen.checks.finding import CheckFinding, CheckInput
from master_autogen.checks.text import prose

_SPEAKERS = (
    "teacher|tutor|instructor|professor|student|pupil|learner|child|classmate|peer|user|assistant|human|system|speaker|"
    "narrator|lehrer(?:in)?|schüler(?:in)?|professeure?|élève|profesora?|estudiante|alumn[oa]|老师|学生"
)
_PROSE = 8
_CODE = re.compile(r"[(){}\[\];=]|^return\b|->")
_LABELS = """
Answer Approach Calculation Check Con Example Explanation Fact First Formula Given Hint Idea Input Method Next Note
Output Plan Problem Pro Question Reason Result Rule Second Solution Step Then Total Wanted Why
"""
_HEADINGS = frozenset(_LABELS.split())
"""What stands before a colon in a solution, and is nobody's name."""
_END = re.compile(r"""(?:[.!?…。！？]|```|\$\$|\\\])["'”’»)\]*_]*$""")
_CONTINUES = re.compile(r"(?i)(?:[,:;(+*/=–-]|\b(?:and|or|but|so|because|the|a|an|of|to|with|is|are|that|if|then))$")


def not_empty(turn: CheckInput) -> CheckFinding:
    if re.search(r"\w", turn.text):
        return CheckFinding(passed=True)
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
    last_line = text.splitlines()[-1].strip()
    if _END.search(text) or not re.search(r"[A-Za-z]", last_line[-40:]):
        ended = not re.search(r"[,(+*/=–-]$", text)
    else:
        final = read_final(last_line)
        stated = final is not None and final.explicit
        listed = re.match(r"(?:[-*•]|\d+[.)])\s", last_line) is not None
        # Signatures, titles, one-word answers and code end open; a long line of prose does not.
        loose = turn.target.kind in ("general", "code") and (len(last_line.split()) < _PROSE or _CODE.search(last_line))
        ended = bool(stated or listed or loose) and not _CONTINUES.search(text)
    if ended:
        return CheckFinding(passed=True)
    return CheckFinding(passed=False, detail=f"ends in mid-sentence: {' '.join(text.split()[-4:])!r}")


def one_speaker(turn: CheckInput) -> CheckFinding:
    """No "Teacher:", "**Student B**:", "[Tutor]" or the like at the start of a line or sentence, and no dialogue of
    two names by turns. In multiple choice "A:" is an option; tags that the question or its reference has may stand."""
    text = prose(turn.text)
    known = {name.casefold() for name in _names_of_lines(f"{turn.target.instruction}\n{turn.target.response}")}
    tags = [tag for tag in _tags(text, turn) if tag.rstrip(":").casefold() not in known]
    if not tags and turn.target.kind in ("math", "choice"):
        tags = [name for name in _by_turns(_names_of_lines(text)) if name.casefold() not in known]
        tags = tags if len(tags) > 1 else []
    if not tags:
        return CheckFinding(passed=True)
    if len(tags) == 1:
        return CheckFinding(passed=False, detail=f"carries the name tag '{tags[0]}'")
    return CheckFinding(passed=False, detail=f"speaks for two: '{tags[0]}' and '{tags[1]}'")


def _tags(text: str, turn: CheckInput) -> list[str]:
    """Tags that name a part in a lesson. A letter by itself is one only beside another tag: it may stand for a sum."""
    names = f"{_SPEAKERS}|{re.escape(turn.role.replace('_', ' '))}"
    person = rf"(?:the\s+)?(?:{names})(?:\s+(?:[a-z]|\d))?"
    tag = re.compile(
        rf"(?i)(?:^[\s>#*_\-•]*|(?<=[.!?\"”])\s+[*_]*)"
        rf"(?:({person}|(?-i:[A-CQST]))[*_]*(?:\s?\([^)\n]{{1,30}}\))?[*_]*\s?[:：](?!\d)"
        rf"|(\[(?:{person})\]|<(?:{person})>)"
        rf"|(?<![^\n])({person})[*_]*\s?(?:[–—]|-(?=\s)|>)\s?(?=[\"“A-Z*])"
        rf"|^#+\s*({person})\s*$)",
        re.MULTILINE,
    )
    found = ["".join(groups).strip() + (":" if groups[0] else "") for groups in tag.findall(text)]
    tags = list(dict.fromkeys(" ".join(name.split()) for name in found))
    lone = [name for name in tags if re.fullmatch("[A-Z]:", name)]
    if turn.target.kind == "choice" or len(tags) == 1:
        return [name for name in tags if name not in lone]
    return tags


def _names_of_lines(text: str) -> list[str]:
    """What stands before a colon at the start of each line, where it could be a name: one or two capitalised words."""
    return re.findall(r"(?m)^[\s>*_\-•]*([A-Z][a-z]+(?: [A-Z][a-z]*)?)[*_]*:(?=[*_\s\"“])", text)


def _by_turns(names: list[str]) -> list[str]:
    """Two names that come back one after the other, as in a dialogue; headings of a list come once."""
    again = [name for name in dict.fromkeys(names) if names.count(name) > 1 and name not in _HEADINGS]
    changes = sum(one != other for one, other in pairwise(name for name in names if name in again))
    return again if len(again) == 2 and changes >= 3 else []
