"""Where a text states its answer in so many words: "#### 18", \\boxed{18}, <answer>18</answer>, "the answer is 18".

It looks for the place alone; what is stated may be a number, a letter, an expression or a name.

>>> statement("So **the answer is 18 dollars**\\nDoes that help?").text
'18 dollars'
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from master_autogen.arithmetic.hints import runs_of_whole
from master_autogen.arithmetic.plain import squeezed


class Statement(NamedTuple):
    """`text`: what is stated, to the end of its line; `rest`: all that is said after it."""

    text: str
    rest: str
    strong: bool
    """Marked by a sign that says nothing else (####, a box, a tag), not by words."""


_HASHES = re.compile(r"(?m)^[ \t>*]*####[ \t]*(?!step\b|\d+[.):][ \t]+[A-Z])([^\n:]+)$", re.IGNORECASE)
_LATE_HASHES = re.compile(r"(?<=[^\s>*])[ \t]*####[ \t]*([^\n]+)$")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*(?=\{)|\\boxed\s+(?=[\w-])")
_TAG = re.compile(r"(?is)<(answer|final_answer|final)>(.*?)</\1>")
_SAYS = (
    r"(?:\s+(?:is|are|will\s+be|would\s+be|should\s+be|must\s+be|comes\s+(?:out\s+)?to|works\s+out\s+to|equals|becomes|"
    r"turns\s+out\s+to\s+be)\b\s*(?:therefore|thus|then|simply|just|indeed|actually|clearly|still|now)?\s*:?|\s*[:=]|"
    r"\s+[-–—]\s|[ \t]*\n+)"
)
_ABOUT = r"(?:\s+(?:to|for|of|in)\s+(?:the\s|this\s|your\s|my\s|our\s|that\s)?(?:[^.:\n=]|\.(?=\d)){1,60}?)?"
_WORDS = re.compile(
    rf"(?i)\b(?:answers?|solution|correct\s+(?:option|choice)|final\s+(?:result|value)){_ABOUT}{_SAYS}"
    r"(?!\s*(?:not|n['’]t|never|neither|either\s+not)\b)[\s:=]*(?:\\\[|\\\(|\$\$)?\s*"
    r"(?=([^\n]+))"
)
# Someone else's answer, a supposition, a denial: "you said the answer is 5", "if the answer is 5", "I doubt ...".
_NOT_MINE = re.compile(
    r"(?i)(?:\b(?:said|says?|saying|claim(?:s|ed)?|(?<!i )thinks?|thought|suggest(?:s|ed)?|if|whether|when|unless|"
    r"because|"
    r"doubt|(?:don|doesn|didn|isn|wasn)['’]?t|not|why|how|your|his|her|their|student['’]s|check|verify|find|"
    r"instead\s+of|wrong|incorrect|previous|first|initial|old)\b[^.!?\n;]*|^[ \t>*#]*(?:find|give|enter|"
    r"write)\b[^.!?\n]*)$"
)
_MAYBE = re.compile(r"(?i)^\W*(?:(?:correct|right|wrong|incorrect|reasonable|found|given|obtained|unclear|unknown)\b)")


_DRESS = re.compile(r"```\w*\n|\n?```|(?<!\d)\*\*|\*\*(?!\d)|(?<!\w)__|__(?!\w)")
_BOLD_IN_WORD = re.compile(r"\w\*\*+\w")
_STATING = frozenset({"answer", "answers", "solution", "option", "choice", "final"})
"""`_WORDS` needs one of these."""

LONGEST = 8_000
"""Characters: of a longer text the end is read."""
MOST = 20
"""So many places are looked at, the last ones: a model in a loop may say "the answer is" a thousand times."""


def statement(text: str, readable: Callable[[str], bool] = lambda stated: True) -> Statement | None:
    """The last place where `text` states an answer that is `readable`; None if there is none."""
    text = squeezed(text[-LONGEST:])
    if not _may_state(text):
        return None
    text = _DRESS.sub("", text)
    for at, end, stated, strong in sorted(_places(text), reverse=True)[:MOST]:
        stated = stated.strip()
        if not stated or not readable(stated):
            continue
        if not strong and (_NOT_MINE.search(_sentence_before(text, at)) or _MAYBE.match(stated)):
            continue
        return Statement(_trim(stated), text[end:], strong)
    return None


def _may_state(text: str) -> bool:
    """False where `_places` finds nothing for certain. Without bold and code marks two parts of a word may be one."""
    if any(sign in text for sign in "#<\\`") or not _STATING.isdisjoint(runs_of_whole(text)):
        return True
    return "**" in text and _BOLD_IN_WORD.search(text) is not None


def _places(text: str) -> list[tuple[int, int, str, bool]]:
    found = [(m.start(), m.end(), m[1], True) for p in (_HASHES, _LATE_HASHES) for m in p.finditer(text)]
    found += [(m.start(), m.end(), m[2], True) for m in _TAG.finditer(text)]
    for box in _BOX.finditer(text):
        inside, end = _braced(text, box.end())
        found.append((box.start(), end, inside, True))
    found += [(m.start(), m.end() + len(m[1]), m[1], False) for m in _WORDS.finditer(text)]
    # A box or tag inside "the answer is \boxed{5}" is read as the box.
    return [f for f in found if f[3] or not any(s[3] and f[1] - len(f[2]) <= s[0] < f[1] + 3 for s in found)]


def _braced(text: str, at: int) -> tuple[str, int]:
    """The content of the braces that open at `at`, and where they end; without braces, the next word."""
    if text[at : at + 1] != "{":
        word = re.match(r"[^\s$]+", text[at:])
        return (word[0] if word else ""), at + (word.end() if word else 0)
    depth = 0
    for i in range(at, len(text)):
        depth += (text[i] == "{" and text[i - 1] != "\\") - (text[i] == "}" and text[i - 1] != "\\")
        if not depth:
            return text[at + 1 : i], i + 1
    return text[at + 1 :], len(text)


def _sentence_before(text: str, at: int) -> str:
    return re.split(r"[.!?;]\s|\n", text[:at])[-1]


def _trim(stated: str) -> str:
    """Without the dress around a whole statement: `$x$`, quotes, a closing full stop. The end of a formula after a "!"
    tells that this is a factorial."""
    stated = re.sub(r"(?<!!)(?:\\\]|\\\)|\$\$)\s*[.!]?\s*$", "", stated.strip()).strip()
    return re.sub(r"^[\"“'`]+|[\"”'`]+[.!]?$", "", stated).strip()
