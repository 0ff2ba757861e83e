"""How checks read a turn: its prose without code and formulas, its words, sentences, and what it is about.

Every check of a turn reads the same text, and most read the question and the earlier turns beside it; so what is read
is kept for a while, by whole texts and by single words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from string import ascii_letters, digits

from master_autogen.arithmetic import has_figure

_NOT_PROSE = re.compile(
    r"```.*?(?:```|\Z)|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n\\]*\\[^$\n]*\$|\\\[.{0,2000}?\\\]|\\\(.{0,2000}?\\\)|<<[^<>]*>>|https?://\S+",
    re.DOTALL,
)
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")


def _splitting(inside: str) -> bytes:
    """A table that makes letters small, and a blank of what is neither a letter nor `inside` a word."""
    return bytes(ord(chr(i).lower() if chr(i) in ascii_letters + inside else " ") for i in range(256))


_SPLIT, _SPLIT_FIGURES = _splitting("'"), _splitting(digits + ".,'")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_LONGEST_KEPT = 2_000
"""Characters: words of longer texts are not kept, so that the memory of it is bounded (2 MiB for turns of 60 words)."""
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])[\"”’)*_]*\s+|(?<=[。！？])|\n+")
_SAYS = re.compile(r"\w")
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


@lru_cache(maxsize=16)
def prose(text: str) -> str:
    """The text without code blocks, formulas, calculator notes and addresses."""
    return text if is_prose(text) else _NOT_PROSE.sub(" ", text)


def is_prose(text: str) -> bool:
    """Whether there is nothing in it to leave out, nor in any text that is made of such texts and blanks: each thing
    that is no prose has one of these in it."""
    return not ("`" in text or "\\" in text or "$$" in text or "<<" in text or "://" in text)


def words(text: str) -> tuple[str, ...]:
    """Words and figures in small letters, in order; a typewriter's apostrophe for any."""
    text = text.replace("’", "'")
    if not text.isascii():
        signs = set(_NOT_ASCII.findall(text))
        if any(sign.isalnum() for sign in signs):
            return _kept(_WORD.findall(text.lower()))
        for sign in signs:
            text = text.replace(sign, " ")
    # Blanks are found much faster than words are by a pattern.
    figures = has_figure(text)
    found = text.encode().translate(_SPLIT_FIGURES if figures else _SPLIT).decode().split()
    if figures or "'" in text:
        found = [word for part in found for word in ((part,) if part.isalpha() else _WORD.findall(part))]
    return _kept(found)


_words: dict[str, str] = {}
_MOST_WORDS = 50_000


def _kept(found: list[str]) -> tuple[str, ...]:
    """One "the" for all texts: a kept word takes eight bytes. The interpreter's own table of such (`sys.intern`) has
    every name of every module too, and takes twice as long."""
    if len(_words) > _MOST_WORDS:
        _words.clear()
    return tuple(map(_words.setdefault, found, found))


def words_of_whole(text: str) -> tuple[str, ...]:
    """The words of a turn, question or reference, which are kept for the checks and turns that follow."""
    return _words_of_whole(text) if len(text) <= _LONGEST_KEPT else words(text)


_words_of_whole = lru_cache(maxsize=2048)(words)


def sentences(text: str) -> list[str]:
    """Sentences and lines that say something, as they are written."""
    return [part.strip() for part in _SENTENCE_END.split(text) if _SAYS.search(part)]


def runs(said: Sequence[str], length: int) -> Iterator[tuple[str, ...]]:
    """Every run of `length` words, in order."""
    return zip(*[said[start:] for start in range(length)], strict=False)


@lru_cache(maxsize=4)
def triples(said: tuple[str, ...]) -> frozenset[tuple[str, ...]]:
    """The runs of three words."""
    return frozenset(runs(said, 3))


def content(text: str) -> set[str]:
    """What a whole text is about: words by their stems without `COMMON` ones, and figures of two digits and more."""
    return set(map(_meaning, words_of_whole(text))) - {""}


@lru_cache(maxsize=4096)
def _meaning(word: str) -> str:
    """What this word or figure says of what a text is about, or ""."""
    if word[0].isdigit():
        figure = word.replace(",", "")
        return figure if len(figure) > 1 else ""
    return stem(word) if len(word) > 2 and word not in COMMON else ""


def stem(word: str) -> str:
    """The word without its commonest English endings, so that "buys" and "buying" are one; at least three letters stay.

    >>> stem("buying"), stem("apples"), stem("was")
    ('buy', 'appl', 'was')
    """
    bare = word.removesuffix("'s")
    cut = _ENDINGS.sub("", bare)
    return cut if len(cut) >= 3 else bare
