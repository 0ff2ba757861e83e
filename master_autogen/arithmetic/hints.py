"""What has to stand in a text before a slow pattern can match it: its words, and whether it may hold a number.

Most sentences of a lesson hold none, and telling so this way costs a tenth of looking for one.

>>> may_hold_amount("Half of them."), may_hold_amount("Some of them, often.")
(True, False)
"""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache
from string import ascii_letters

_SMALL = bytes(ord(chr(i).lower() if chr(i) in ascii_letters else " ") for i in range(256))
_DIGITS = b"0123456789"
_FIGURE = re.compile(r"[\d¼-¾⅐-⅞]")
_LIKE_ASCII = {"ı": "i", "İ": "i", "ſ": "s", "\N{KELVIN SIGN}": "k"}
"""The letters beyond ASCII that `re.IGNORECASE` takes for ASCII ones."""

_ONES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMBER_WORDS = {word: i for i, word in enumerate(_ONES.split())} | {
    word: 10 * i for i, word in enumerate(_TENS.split(), 2)
}
LARGE_NUMBER_WORDS = ("hundred", "thousand", "million")
PARTS = {
    "half": 2,
    "halve": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "sixth": 6,
    "eighth": 8,
    "tenth": 10,
}
COUNT_WORDS = frozenset(NUMBER_WORDS.keys() | LARGE_NUMBER_WORDS)
PART_WORDS = frozenset(PARTS.keys() | {f"{part}s" for part in PARTS})
CLOCK_WORDS = frozenset({"noon", "midnight"})
_MEASURES = COUNT_WORDS | PART_WORDS | CLOCK_WORDS


def letter_runs(text: str) -> frozenset[str]:
    """Every run of ASCII letters, in small ones. A pattern that ignores case and has a word in it, with no letter next
    to it, can only match where the word is among these."""
    if not text.isascii():
        for letter, like in _LIKE_ASCII.items():
            text = text.replace(letter, like)
    return frozenset(text.encode("ascii", "replace").translate(_SMALL).decode().split())


runs_of_whole = lru_cache(maxsize=16)(letter_runs)
"""The same of a whole turn, which its checks ask for one after the other."""


def has_figure(text: str) -> bool:
    """Whether a digit or a fraction in one sign stands in it."""
    if text.isascii():
        raw = text.encode()
        return len(raw.translate(None, _DIGITS)) < len(raw)
    return _FIGURE.search(text) is not None


def may_hold_amount(text: str) -> bool:
    """False where `amounts.amounts` finds none for certain."""
    return has_figure(text) or words_measure(letter_runs(text))


def words_measure(said: Set[str]) -> bool:
    """Whether one of these runs of letters may belong to an amount."""
    return not _MEASURES.isdisjoint(said)
