"""Checks of how a turn is put: it says something, to its end, in one voice."""

from __future__ import annotations

import re

from master_autogen.arithmetic import read_final
from master_autogen.checks.finding import CheckFinding, CheckInput

_SPEAKERS = (
    "teacher|tutor|instructor|professor|student|pupil|learner|child|classmate|peer|user|assistant|human|system|speaker"
)
_END = re.compile(r"""(?:[.!?…。！？]|```|\$\$|\\\])["'”’»)\]*_]*$""")
_CONTINUES = re.compile(r"(?i)(?:[,:;(+*/=–-]|\b(?:and|or|but|so|because|the|a|an|of|to|with|is|are|that|if|then))$")


def not_empty(turn: CheckInput) -> CheckFinding:
    if re.search(r"\w", turn.text):
        return CheckFinding(passed=True)
    return CheckFinding(passed=False, detail="says nothing")


def complete(turn: CheckInput) -> CheckFinding:
    """Ends like a sentence, a block of code, a list of figures or a stated answer, and not at the token limit."""
    text = turn.text.rstrip()
    if turn.truncated:
        return CheckFinding(passed=False, detail="cut off by the token limit")
    if not text:
        return CheckFinding(passed=False, detail="says nothing")
    last_line = text.splitlines()[-1].strip()
    if _END.search(text) or not re.search(r"[A-Za-z]", last_line[-40:]):
        ended = not re.search(r"[,(+*/=–-]$", text)
    else:
        final = read_final(last_line)
        stated = final is not None and final.explicit
        listed = re.match(r"(?:[-*•]|\d+[.)])\s", last_line) is not None
        ended = (stated or listed) and not _CONTINUES.search(text)
    if ended:
        return CheckFinding(passed=True)
    return CheckFinding(passed=False, detail=f"ends in mid-sentence: {' '.join(text.split()[-4:])!r}")


def one_speaker(turn: CheckInput) -> CheckFinding:
    """No "Teacher:" or "Student B:" at the start of a line or a sentence; in multiple choice "A:" is an option."""
    names = f"{_SPEAKERS}|{re.escape(turn.role.replace('_', ' '))}"
    lone = "" if turn.target.kind == "choice" else r"|(?-i:[A-CQST])"
    tag = re.compile(
        rf"(?im)(?:^[\s>#*_]*|(?<=[.!?\"”])\s+[*_]*)((?:the\s+)?(?:{names})(?:\s+[a-z\d])?{lone})[*_]*\s?:"
    )
    tags = list(dict.fromkeys(" ".join(found.split()) for found in tag.findall(turn.text)))
    if not tags:
        return CheckFinding(passed=True)
    if len(tags) == 1:
        return CheckFinding(passed=False, detail=f"carries the name tag '{tags[0]}:'")
    return CheckFinding(passed=False, detail=f"speaks for two: '{tags[0]}:' and '{tags[1]}:'")
