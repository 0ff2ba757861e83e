"""Amounts in a text, in every form that says the same: 90 minutes and an hour and a half, 25% and a quarter, $0.75 and
75 cents, 1,200 and twelve hundred.

>>> [str(amount.value) for amount in amounts("an hour and a half, or 2 dozen")]
['3/2', '24']
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from master_autogen.arithmetic import Number, may_hold_amount, numbers
from master_autogen.arithmetic.hints import PART_WORDS, letter_runs


class Amount(NamedTuple):
    """`value` as it is said, scale words multiplied in; `base` in the smallest unit of `measure` ("" without one)."""

    value: Fraction
    shown: str
    measure: str = ""
    base: Fraction | None = None
    percent: bool = False
    after: str = ""


_SCALES = {
    "dozen": 12, "dozens": 12, "hundred": 100, "hundreds": 100, "thousand": 1000, "thousands": 1000, "k": 1000,
    "million": 1_000_000, "millions": 1_000_000, "billion": 1_000_000_000,
}  # fmt: skip
_UNITS: dict[str, tuple[str, Fraction]] = {
    unit: (measure, Fraction(size))
    for measure, units in {
        "time": {
            "second seconds sec secs": "1", "minute minutes min mins": "60", "hour hours hr hrs h": "3600",
            "day days": "86400", "week weeks": "604800",
        },
        "months": {"month months": "1", "year years": "12"},
        "money": {"cent cents ¢ penny pennies": "1", "dollar dollars $ usd": "100", "nickel nickels": "5",
                  "dime dimes": "10", "quarter-dollar": "25"},
        "pounds": {"pence p": "1", "£": "100"},
        "euros": {"euro euros €": "100"},
        "metric": {
            "mm millimetre millimetres millimeter millimeters": "1", "m metre metres meter meters": "1000",
            "cm centimetre centimetres centimeter centimeters": "10",
            "km kilometre kilometres kilometer kilometers": "1000000",
        },
        "imperial": {"inch inches": "1", "foot feet ft": "12", "yard yards": "36", "mile miles": "63360"},
        "mass": {"g gram grams": "1", "kg kilogram kilograms kilo kilos": "1000"},
        "weight": {"ounce ounces oz": "1", "pound pounds lb lbs": "16"},
        "volume": {"ml millilitre millilitres milliliter milliliters": "1",
                   "l litre litres liter liters": "1000"},
        "cups": {"cup cups": "1", "pint pints": "2", "quart quarts": "4", "gallon gallons": "16"},
    }.items()
    for names, size in units.items()
    for unit in names.split()
}  # fmt: skip

_PARTS = {
    "half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fourth": 4, "fourths": 4,
    "fifth": 5, "fifths": 5, "sixth": 6, "sixths": 6, "eighth": 8, "eighths": 8, "tenth": 10, "tenths": 10,
}  # fmt: skip
_FEW = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "nine": 9}
_PART = re.compile(
    rf"(?i)\b(?:(?P<whole>\d+|{'|'.join(_FEW)})(?: (?P<unit>[a-z]+))? and )?"
    rf"(?:(?P<top>\d+|{'|'.join(_FEW)})[ -])?(?P<part>{'|'.join(_PARTS)})\b(?: (?:an? |of an? )?(?P<of>[a-z]+))?"
)
_SPACED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\d,])")
_SIGN = re.compile(r"((?<![^\s($£€])[-−][$£€]?|(?<!\d)(?<!\d )\b(?:minus|negative) )$", re.IGNORECASE)
_CURRENCY = re.compile(r"[$£€]\s?[-−]?$")
_AFTER = re.compile(r"\s*(%|per ?cent\b|¢|€|£|[-–]?\s?[A-Za-z]+)?")
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b(?:\s?([ap])\.?m\b)?", re.IGNORECASE)


def amounts(text: str) -> list[Amount]:
    """Every amount in `text`; of a fraction like 3/4 the fraction and not its numbers."""
    if not may_hold_amount(text):
        return []
    text = _SPACED.sub(lambda found: re.sub(r"\D", "", found[0]), text)
    found: list[Amount] = []
    taken: list[tuple[int, int]] = []
    for part in () if PART_WORDS.isdisjoint(letter_runs(text)) else _PART.finditer(text):
        if (amount := _spoken_part(part)) is not None:
            found.append(amount)
            taken.append(part.span())
    every = [n for n in numbers(text) if not any(a <= n.span[0] < b for a, b in taken)]
    i = 0
    while i < len(every):
        number = every[i]
        if i + 1 < len(every) and re.fullmatch(r"\s?[/⁄]\s?", text[number.span[1] : every[i + 1].span[0]]):
            below = every[i + 1]
            if below.value:
                whole = Number(number.value / below.value, (number.span[0], below.span[1]), "")
                found.append(_amount(text, whole))
            i += 2
            continue
        found.append(_amount(text, number))
        i += 1
    return found


def clocks(text: str) -> set[tuple[int, int]]:
    """Times of day, as hours and minutes."""
    found = set()
    for hour, minute, half in _CLOCK.findall(text):
        found.add(((int(hour) % 12 + 12 * (half.lower() == "p")) if half else int(hour), int(minute)))
    return found


def same_amount(one: Amount, other: Amount) -> bool:
    """Whether two amounts say the same: the same number, or the same as a percentage or in another unit."""
    if one.value == other.value:
        return True
    if one.percent != other.percent:
        shares = [a.value / 100 if a.percent else a.value for a in (one, other)]
        return shares[0] == shares[1]
    return one.measure != "" and one.measure == other.measure and one.base == other.base


def _amount(text: str, number: Number) -> Amount:
    start, end = number.span
    value = number.value
    before, rest = text[:start], text[end:]
    signed = any(sign in before[-3:] for sign in "-−") or any(part in before[-12:].lower() for part in ("nu", "neg"))
    if signed and (sign := _SIGN.search(before)):
        value, start = -value, start - len(sign[1])
    after = _AFTER.match(rest)
    word = (after[1] or "").strip(" -–").lower() if after else ""
    spelt_scale = number.words and re.search(r"(?i)(?:hundred|thousand|million)$", number.text)
    if word in _SCALES and not (spelt_scale and word == "k"):
        value *= _SCALES[word]
        end += after.end() if after else 0
        again = _AFTER.match(text[end:])
        word = (again[1] or "").strip(" -–").lower() if again else ""
    unit = word if word in _UNITS else ""
    if not unit and (currency := _CURRENCY.search(before[-4:])):
        unit = currency[0][0]
    percent = word == "%" or re.fullmatch(r"per ?cent", word) is not None
    shown = text[start:end].strip() + ("%" if word == "%" else "")
    measure, size = _UNITS.get(unit, ("", Fraction(1)))
    return Amount(value, shown, measure, value * size if measure else None, percent, word)


def _spoken_part(part: re.Match[str]) -> Amount | None:
    """ "half an hour", "three quarters", "an hour and a half"; None for "a third way" and the like."""
    top, whole = part["top"], part["whole"]
    below = _PARTS.get(part["part"].lower())
    if below is None or any(word and not word.isdigit() and word.lower() not in _FEW for word in (top, whole)):
        return None  # "sıx halves": what ignores case takes more letters for its own than the tables do
    if below != 2 and not top:  # "the third", "a fifth" alone may count places
        return None
    if below not in (2, 4) and top and top.lower() in ("a", "an"):
        return None
    value = Fraction(_few(top) if top else 1, below) + (_few(whole) if whole else 0)
    unit = (part["unit"] or part["of"] or "").lower()
    measure, size = _UNITS.get(unit, ("", Fraction(1)))
    if part["unit"] and not measure:
        return None
    end = None if measure else part.end("part") - part.start()
    return Amount(value, part[0][:end].strip(), measure, value * size if measure else None, after=unit)


def _few(word: str) -> int:
    return int(word) if word.isdigit() else _FEW[word.lower()]
