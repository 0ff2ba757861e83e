"""Measures: which words and signs name a unit, and how many of one make another.

>>> unit("hrs"), ratio("hour", "minute"), ratio("hour", "metre")
('hour', Fraction(60, 1), None)
"""

from __future__ import annotations

import re
from fractions import Fraction

_TABLE: dict[str, dict[str, tuple[Fraction | int, str]]] = {
    "time": {
        "second": (1, "s sec secs seconds"),
        "minute": (60, "min mins minutes"),
        "hour": (3600, "h hr hrs hours"),
        "day": (86400, "days"),
        "week": (604800, "weeks wk wks"),
    },
    "long time": {"month": (1, "months mo"), "year": (12, "years yr yrs"), "decade": (120, "decades")},
    "money": {"cent": (1, "cents ¢"), "dollar": (100, "dollars $ usd bucks")},
    "sterling": {"penny": (1, "pence pennies"), "gbp": (100, "£")},
    "euro": {"euro": (1, "euros € eur")},
    "metric": {
        "millimetre": (1, "mm millimetres millimeter millimeters"),
        "centimetre": (10, "cm centimetres centimeter centimeters"),
        "metre": (1000, "m metres meter meters"),
        "kilometre": (10**6, "km kilometres kilometer kilometers"),
    },
    "imperial": {
        "inch": (1, "inches in"),
        "foot": (12, "feet ft"),
        "yard": (36, "yards yd yds"),
        "mile": (63360, "miles mi"),
    },
    "mass": {
        "milligram": (1, "mg milligrams"),
        "gram": (1000, "g grams"),
        "kilogram": (10**6, "kg kilograms kilo kilos"),
        "tonne": (10**9, "tonnes"),
    },
    "weight": {"ounce": (1, "ounces oz"), "pound": (16, "pounds lb lbs")},
    "volume": {
        "millilitre": (1, "ml milliliter milliliters millilitres"),
        "litre": (1000, "l liter liters litres"),
    },
    "liquid": {
        "cup": (1, "cups"),
        "pint": (2, "pints"),
        "quart": (4, "quarts"),
        "gallon": (16, "gallons"),
    },
    "count": {"one": (1, ""), "dozen": (12, "dozens")},
}
_CLASSES = {name: (kind, Fraction(size)) for kind, units in _TABLE.items() for name, (size, _) in units.items()}
_NAMES = {
    word: name for units in _TABLE.values() for name, (_, words) in units.items() for word in [name, *words.split()]
}
_ASKED = re.compile(
    r"(?i)\bhow many (?:more |total |whole |full |additional |extra |fewer |less )?(\w+)|"
    r"\b(?:in|of) (\w+)\b(?=[^.\w]{0,3}(?:\?|$))|\bnumber of (\w+)"
)
_PERCENT = re.compile(r"(?i)\bpercent(?:age)?\b|\bper cent\b|%")
_HOW_MUCH = re.compile(
    r"(?i)\b(?:how much|what (?:is|was|will be) the (?:total |final )?(?:cost|price|amount|profit|bill))"
)


def unit(word: str) -> str:
    """The unit that this word or sign names ("hrs" is "hour"); "" if none."""
    return _NAMES.get(word.lower().rstrip("."), "")


def ratio(one: str, other: str) -> Fraction | None:
    """How many of `other` make one of `one`; None where they measure different things."""
    (kind, size), (other_kind, other_size) = _CLASSES[one], _CLASSES[other]
    return size / other_size if kind == other_kind else None


def relatives(name: str) -> dict[str, Fraction]:
    """Every other unit of the same measure, and how many of it make one of `name`."""
    kind, size = _CLASSES[name]
    return {other: size / n for other, (k, n) in _CLASSES.items() if k == kind and other != name}


def asked_unit(question: str) -> str:
    """The unit that a question wants its answer in: a unit's name, "%", "one" for things that are counted, or ""."""
    asking = re.split(r"(?<=[.!?])\s+", question.strip())
    last = next((sentence for sentence in reversed(asking) if "?" in sentence), asking[-1] if asking else "")
    if re.search(r"(?i)\b(?:what|which|how many) (?:percent|per cent|%)|\bas a percent|\bpercentage\b", last):
        return "%"
    named = [word for found in _ASKED.finditer(last) for word in found.groups() if word]
    for word in named:
        if name := unit(word):
            return name
    if re.search(r"(?i)\bhow many\b", last):
        return "one"
    if _HOW_MUCH.search(last) and "$" in question:
        return "dollar"
    return ""
