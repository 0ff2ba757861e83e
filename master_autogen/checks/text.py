"""How checks read a turn: its prose without code and formulas, its words, sentences, and what it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\\[^$\n]*\$|\\\[.{0,2000}?\\\]|\\\(.{0,2000}?\\\)|<<[^<>]*>>|https?://\S+",
    re.DOTALL,
)
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])[\"”’)*_]*\s+|(?<=[。！？])|\n+")
_ENDINGS = re.compile(r"(?:ings?|ed|ies|es|s|e|y|ly)$")

_FUNCTION_WORDS = """
a about above after again all almost alone along also although always am among an and another any anything are
around as ask asked at away back be because been before began begin being below between both but by called came can
can't cannot carefully check come correct could day days did different do does doesn't don't done down each either
else end enough even ever every everything exactly fact facts far few final finally find first follow following for
found from full further gave get gets give given gives go goes going good got had has have having he help her here
hers him his how however i i'd i'll i'm i've idea if in instead into is isn't it it's its itself just keep kept kind
know last least leave left less let let's like long look looked made make makes many may maybe me mean means might
mine missing mistake more most much must my myself need needed needs never new next no none nor not nothing now
number of off often on once one only or order other others our out over own part parts people per perhaps piece
please plus point problem problems put question questions quite rather really reason result results right said same
saw say says second see seen set several shall she should show since slowly so solution solve solved some something
soon start starts state step steps still student students such sum sure take taken takes teacher tell than that
that's the their theirs them themselves then there there's therefore these they they're thing things think third
this those thought three through time times to together told too took total true try turn two under until up upon us
use used uses using very want wanted was wasn't way ways we we'll we're well went were what what's when where
whether which while who whole whose why will with within without word words work worked works would write wrong yes
yet you you're your yours answer answers
"""

COMMON = frozenset(_FUNCTION_WORDS.split())
"""Words that say nothing about what a text is about, those that every lesson has among them (step, answer, mistake)."""


def prose(text: str) -> str:
    """The text without code blocks, formulas, calculator notes and addresses."""
    return _NOT_PROSE.sub(" ", text)


def words(text: str) -> list[str]:
    """Words and figures in small letters, in order; a typewriter's apostrophe for any."""
    return _WORD.findall(text.lower().replace("’", "'"))


def sentences(text: str) -> list[str]:
    """Sentences and lines that say something, as they are written."""
    return [part.strip() for part in _SENTENCE_END.split(text) if re.search(r"\w", part)]


def runs(said: Sequence[str], length: int) -> list[tuple[str, ...]]:
    """Every run of `length` words, in order."""
    return [tuple(said[i : i + length]) for i in range(len(said) - length + 1)]


def content(text: str) -> set[str]:
    """What a text is about: its words by their stems without `COMMON` ones, and its figures of two digits and more."""
    found: set[str] = set()
    for word in words(text):
        if word[0].isdigit():
            figure = word.replace(",", "")
            if len(figure) > 1:
                found.add(figure)
        elif len(word) > 2 and word not in COMMON:
            found.add(stem(word))
    return found


def stem(word: str) -> str:
    """The word without its commonest English endings, so that "buys" and "buying" are one; at least three letters stay.

    >>> stem("buying"), stem("apples"), stem("was")
    ('buy', 'appl', 'was')
    """
    bare = word.removesuffix("'s")
    cut = _ENDINGS.sub("", bare)
    return cut if len(cut) >= 3 else bare
