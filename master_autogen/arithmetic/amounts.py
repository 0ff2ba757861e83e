"""Amounts: numbers with what belongs to them - sign, fraction, percent, unit, clock time, ratio.

>>> [(a.text, a.unit) for a in amounts("-$1,200 in 1 hour 30 minutes, at 3:30 pm, 25%")]
[('-$1,200', 'dollar'), ('1 hour 30 minutes', 'minute'), ('3:30 pm', ''), ('25%', '')]
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Literal, NamedTuple

from master_autogen.arithmetic.hints import CLOCK_WORDS, PART_WORDS, PARTS, letter_runs, may_hold_amount
from master_autogen.arithmetic.tokens import Number, numbers
from master_autogen.arithmetic.units import ratio, unit

Form = Literal["number", "percent", "clock", "ratio"]


class Amount(NamedTuple):
    """`text` as written, `unit` a name of `units` or "". A clock's value is minutes since midnight and its parts are
    (hours, minutes, 0, or 1 with am or pm); a ratio's value is the first part by the second."""

    value: Fraction
    span: tuple[int, int]
    text: str
    form: Form = "number"
    unit: str = ""
    parts: tuple[Fraction, ...] = ()
    written: str = ""
    """The number itself, without sign, currency and unit."""


_HALF_DAY = r"([ap])\.?\s?m\b\.?"
_CLOCK = re.compile(
    rf"(?i)(?<![\d.:,/])(?:(\d{{1,2}}):(\d{{2}})(?::\d{{2}})?(?![\d:])(?:\s?{_HALF_DAY})?"
    rf"|(\d{{1,2}})\s?{_HALF_DAY}|\b(noon|midnight)\b)"
)
_OF_CLOCKS = CLOCK_WORDS | {"am", "pm", "m"}
"""Without one of these, or a colon, there is no time of day."""
_RATIO = re.compile(r"(?<![\d.:,/])\d+(?:\.\d+)?(?:\s?:\s?\d+(?:\.\d+)?)+(?![\d:])")
_COUNTS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
}
_SPELT_PART = re.compile(
    rf"(?i)\b(?:(\d+|{'|'.join(_COUNTS)}) and )?({'|'.join(_COUNTS)})[ -]({'|'.join(PARTS)}|halve)s?\b"
)
_SIGN = re.compile(r"(?:^|[\s(=:;*{[$,])(-|minus\s|negative\s)\s?([$£€]?)\s?$", re.IGNORECASE)
_CURRENCY = re.compile(r"([$£€])\s?$")
_SLASH = re.compile(r"\s?/\s?")
_PERCENT = re.compile(r"\s?(?:%|percent\b|per cent\b|percentage points?\b)", re.IGNORECASE)
_UNIT = re.compile(r"[\s-]?(¢|[a-zA-Z]+)(?:\.(?=\s[a-z])|(?![\w^²³]))(?!\s?(?:/|per\b|[²³^]))")
_MINUS = re.compile(r"(?:^|[\s(=:;*{[])(-)\s?$")
_NEAR = 40
"""Characters around a number in which its sign and unit are looked for."""
_THEN = re.compile(r"\s?,?\s?(?:and\s)?$")


def amounts(text: str) -> list[Amount]:
    """Every amount in `text` (as `plain` gives it), in order. "5 km/h" has no unit here: what is measured per
    something else is not converted."""
    if not may_hold_amount(text):
        return []
    said = letter_runs(text)
    special: list[Amount] = []
    if ":" in text or not _OF_CLOCKS.isdisjoint(said):
        special += [*_clocks(text), *_ratios(text)]
    if not PART_WORDS.isdisjoint(said):
        special += _spelt_parts(text)
    special = [a for i, a in enumerate(special) if not any(_within(a, other) for other in special[:i])]
    found = [a for a in _numbers(text) if not any(_within(a, other) for other in special)]
    return _compounds(sorted([*found, *special], key=lambda amount: amount.span), text)


def _within(one: Amount, other: Amount) -> bool:
    return one.span[0] < other.span[1] and other.span[0] < one.span[1]


def _clocks(text: str) -> list[Amount]:
    out = []
    for found in _CLOCK.finditer(text):
        if found[6]:
            hours, minutes, half = (
                12 if found[6].lower() == "noon" else 0,
                0,
                "p" if found[6].lower() == "noon" else "a",
            )
        else:
            hours, minutes, half = int(found[1] or found[4]), int(found[2] or 0), (found[3] or found[5] or "").lower()
        if hours > 24 or minutes > 59:
            continue
        parts = (Fraction(hours), Fraction(minutes), Fraction(bool(half)))
        if half:
            hours = hours % 12 + 12 * (half == "p")
        out.append(
            Amount(Fraction(60 * hours + minutes), found.span(), found[0], "clock", parts=parts, written=found[0])
        )
    return out


def _ratios(text: str) -> list[Amount]:
    out = []
    for found in _RATIO.finditer(text):
        parts = tuple(Fraction(part) for part in re.split(r"\s?:\s?", found[0]))
        if parts[1]:
            value = parts[0] / parts[1]
            out.append(Amount(value, found.span(), found[0], "ratio", parts=parts, written=found[0]))
    return out


def _spelt_parts(text: str) -> list[Amount]:
    """ "three quarters", "two and a half"; "a third" alone is more often an ordinal and is none."""
    out = []
    for found in _SPELT_PART.finditer(text):
        whole, count, part = (group.lower() if group else "" for group in found.groups())
        if count not in _COUNTS or part not in PARTS:
            continue  # "sıx halves": what ignores case takes more letters for its own than the tables do
        if count in ("a", "an") and not whole and part not in ("half", "quarter"):
            continue
        value = Fraction(_COUNTS[count], PARTS[part]) + (int(whole) if whole.isdigit() else _COUNTS.get(whole, 0))
        name, end = _unit_after(text, found.end())
        out.append(Amount(value, (found.start(), end), text[found.start() : end], unit=name, written=found[0]))
    return out


def _numbers(text: str) -> list[Amount]:
    every = numbers(text)
    out: list[Amount] = []
    i = 0
    while i < len(every):
        number = every[i]
        value, (start, end) = number.value, number.span
        if i + 1 < len(every) and _is_fraction(number, every[i + 1], text):
            i += 1
            value, end = value / every[i].value, every[i].span[1]
        out.append(_dressed(text, value, start, end))
        i += 1
    return out


def _is_fraction(top: Number, bottom: Number, text: str) -> bool:
    gap = text[top.span[1] : bottom.span[0]]
    return bool(_SLASH.fullmatch(gap)) and bool(bottom.value) and not bottom.words


def _dressed(text: str, value: Fraction, start: int, end: int) -> Amount:
    written = text[start:end]
    name = ""
    before = text[max(0, start - _NEAR) : start]
    # Most numbers have neither sign nor currency before them, which is quickly told.
    signed = "-" in before[-5:] or any(part in before.lower() for part in ("nu", "neg"))
    priced = any(currency in before[-3:] for currency in "$£€")
    if signed and (sign := _SIGN.search(text, max(0, start - _NEAR), start)):
        value, start, name = -value, sign.start(1), unit(sign[2])
        if before_sign := _CURRENCY.search(text, max(0, start - _NEAR), start):
            start, name = before_sign.start(1), unit(before_sign[1])
    elif priced and (currency := _CURRENCY.search(text, max(0, start - _NEAR), start)):
        start, name = currency.start(1), unit(currency[1])
        if minus := _MINUS.search(text, max(0, start - _NEAR), start):
            value, start = -value, minus.start(1)
    elif after := re.match(r"\s?[€£]", text[end : end + _NEAR]):
        end, name = end + after.end(), unit(after[0].strip())
    if percent := _PERCENT.match(text[end : end + _NEAR]):
        end += percent.end()
        return Amount(value, (start, end), text[start:end], "percent", written=written)
    worded, after_word = _unit_after(text, end)
    if worded and (not name or worded == "cent"):
        name, end = worded, after_word
    return Amount(value, (start, end), text[start:end], unit=name, written=written)


def _unit_after(text: str, end: int) -> tuple[str, int]:
    found = _UNIT.match(text[end : end + _NEAR])
    name = unit(found[1]) if found else ""
    # "in" after a number is a preposition far more often than an inch, "a" and "s" stand for nothing
    if not found or not name or found[1] in ("in", "I", "M", "H", "S", "L", "G"):
        return "", end
    return name, end + found.end(1)


def _compounds(found: list[Amount], text: str) -> list[Amount]:
    """Join "1 hour 30 minutes", "5 feet and 6 inches", in the smaller unit."""
    out: list[Amount] = []
    for amount in found:
        last = out[-1] if out else None
        if last and last.unit and amount.unit and amount.value >= 0:
            factor = ratio(last.unit, amount.unit)
            near = _THEN.fullmatch(text[last.span[1] : amount.span[0]])
            if factor is not None and factor > 1 and near and amount.value < factor:
                span = (last.span[0], amount.span[1])
                sign = -1 if last.value < 0 else 1
                value = last.value * factor + sign * amount.value
                shown = text[slice(*span)]
                out[-1] = Amount(value, span, shown, unit=amount.unit, written=shown)
                continue
        out.append(amount)
    return out
