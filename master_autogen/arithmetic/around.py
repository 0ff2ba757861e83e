"""What stands around an equation and makes it say something else than its figures do: a power before it, a remainder
behind it, minutes beside hours.

>>> clipped("10^3 + 5 = 1005", (3, 15)), clipped("So 3 + 5 = 8", (3, 12))
(True, False)
"""

from __future__ import annotations

import re
from fractions import Fraction

from master_autogen.arithmetic.units import ratio, unit

_POWERS = "⁰¹²³⁴-⁹₀-₉"
_CLIPPED = re.compile(
    r"(?:\^[{(]?|[\w)]\s?\*\*|[√∛∜]|\b(?:sqrt|cbrt|log|ln|sin|cos|tan|mod)\s?|[A-Za-z)}\]]_\{?)\s?[-−]?$"
)
_BEFORE_SIGN = re.compile(rf"(?:[{_POWERS}π°|⌋⌉}}]|\d!)\s?$")
_BEFORE = re.compile(
    r"(?:\d[.,:'’]|\d and |[A-Za-z]|~~|\d\s?\\?%\s?|\b(?i:twice|thrice|double|triple|half of|half|modulo|binary|"
    r"(?:third|quarter|fourth|fifth|sixth|eighth|tenth)s? of|square of|cube of|root of) )$"
)
_LABEL = re.compile(
    r"(?i)\b(?:step|part|day|week|month|year|stage|question|problem|exercise|line|hint|option|case|round|level|pages?|"
    r"chapter|section|point|no\.)\s?#?$"
)
_NAMED = re.compile(r"\b[A-Z][a-z]+ $")
"""With the figure that follows: "Step 2 - 48 / 2 = 24", "Box 2 = 3 + 4 = 7"."""
_AFTER = re.compile(
    rf"\s?\^|\*\*[\d(]|_[\d{{]|[{_POWERS}\u0300-\u036f]|\s?(?:[√π]|\\sqrt|\\pi)|\([\d-]|[.,:'’]\d|\.?\\(?:overline|bar|dot)|\.\(|\s?[xyzn]\b|"
    r"\s?(?:[-+−–*×·÷]|\\times|\\cdot|\\div)\s?(?:[√π]|\\sqrt|\\pi|[b-hj-z]\b(?!['’]))"
)
_GAP = re.compile(r"[ \u00a0\u202f]\d{3}(?!\d)")
_SCALE = re.compile(r"(?i:\b(?:hundred|thousand|million|billion|trillion|dozen)s?\b)|\d\s?[kKM]\b")
_OTHER_NUMBERS = re.compile(r"(?i)\b(?:mod(?:ulo)?|binary|octal|hexadecimal|base[ -]\d+|o['’]clock)\b|\d\s?[ap]\.?m\b")
"""Figures of another kind: times of day, remainders, other bases than ten."""
_ROUNDED = re.compile(
    r"(?i)\b(?:remainder|rem|remain\w*|left|over|rest|r\s?\d+|round\w*|about|approximately|roughly|truncated)\b"
)
_MORE_PERCENT = re.compile(r"[-+−–]\s?\d[\d.,]*\s?\\?%(?!\s?(?:of\b|[*×·/÷x\\]))")
_PERCENT = re.compile(r"\d[\d.,]*\s?\\?%")
_SENTENCE_END = re.compile(r"[.!?;]\s|\n")
_REST = re.compile(r"[^.!?;\n]{0,60}")
_NEAR, _TAIL = 30, 12
"""Characters before and behind an equation that can change what it says."""


def clipped(text: str, span: tuple[int, int]) -> bool:
    """Whether the figures before are no numbers by themselves: the power in 10^3 + 5, what a root or f(...) is of."""
    start = span[0]
    before = text[max(0, start - _NEAR) : start]
    if _CLIPPED.search(before):
        return True
    if text[start] in "([":
        return before[-1:].isalpha()
    return text[start] in "-−–" and _BEFORE_SIGN.search(before) is not None


def says_else(text: str, span: tuple[int, int]) -> bool:
    """Whether words or signs beside the equation may give it another meaning, in which it holds."""
    start, end = span
    before, shown = _SENTENCE_END.split(text[max(0, start - _NEAR) : start])[-1], text[start:end]
    if _BEFORE.search(before) or _AFTER.match(text, end) or _gapped(text, span):
        return True
    sign = re.match(r"\d+\s?([-–−=])", shown)
    if sign and (_LABEL.search(before) or (sign[1] == "=" and _NAMED.search(before))):
        return True
    if _SCALE.search(f"{shown} {unit_word(text, end)}"):
        return True
    if _OTHER_NUMBERS.search(before) or _OTHER_NUMBERS.search(text, start, end + _TAIL):
        return True
    more = _MORE_PERCENT.search(text, start, end + _TAIL)
    return more is not None and re.search(r"\d", _PERCENT.sub("", shown.partition("=")[0])) is not None


def _gapped(text: str, span: tuple[int, int]) -> bool:
    """Whether the first or last figures are part of a number like 12 500."""
    start, end = span
    first = re.match(r"\d{3}(?!\d)", text[start : start + 4]) and re.search(r"\d[ \u00a0\u202f]$", text[:start][-2:])
    return bool(first) or (
        _GAP.match(text, end) is not None and re.search(r"(?<!\d)\d{1,3}$", text[start:end]) is not None
    )


def rounds(text: str, end: int, worth: Fraction, result: Fraction) -> bool:
    """Whether a result less than one off is told with a remainder, or as rounded: "17 / 5 = 3 remainder 2"."""
    rest = _REST.match(text, end)
    off = worth.denominator > 1 and abs(worth - result) < 1
    return off and rest is not None and _ROUNDED.search(rest[0]) is not None


def mixes(words: list[str], operators: tuple[str, ...], worth: Fraction, result: Fraction) -> bool:
    """Whether these words name two units of one measure, and one of them may explain the result: 2 hours + 30 minutes =
    150 minutes, 30 minutes * 4 = 2 hours. A sum of them is not worked out here."""
    named = {name for word in words if (name := unit(word))}
    factors = [factor for one in named for other in named - {one} if (factor := ratio(one, other)) is not None]
    if not factors:
        return False
    return not {"+", "-"}.isdisjoint(operators) or any(worth == result * factor for factor in factors)


def unit_word(text: str, end: int) -> str:
    """The word right behind an equation, which may be its result's unit."""
    found = re.match(r"[\s)}\\-]{0,3}([A-Za-z]+|¢)", text[end : end + _NEAR])
    return found[1] if found else ""
