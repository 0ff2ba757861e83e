"""Whether two final answers say the same."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from master_autogen.arithmetic.amounts import Amount, amounts
from master_autogen.arithmetic.beside import bounded
from master_autogen.arithmetic.plain import decimal, plain, spaced
from master_autogen.arithmetic.units import ratio, relatives

_LEAD = re.compile(r"(?i)^\s*(?:[a-z]\s*=|=|about|approximately|approx\.?|around|exactly|only|a total of|total:)\s*")
_COMMA = re.compile(r"(?<![(\[{]\d)(?<=\d),(?=\d{1,2}(?!\d))(?![^,.]*[,.]\d)(?<![,.]\d,)")
"""The decimal sign of other languages, in "2,5 m", not in a pair."""
_TO = re.compile(r"(?i)^\W*(\d+)\s+to\s+(\d+)\W*$")
# What may stand around a number in an answer; a variable, a power or a root makes it an expression.
_NO_EXPRESSION = re.compile(r"[^\\^√πθ∞{}<>≤≥≠±|+*×·÷_\[\]]*")


def same_answer(given: str, expected: str, asked: str = "") -> bool | None:
    """Whether two final answers are the same: 0.5 and 1/2, 1,000 and 1000, $5 and 5, 25% and 0.25, "twelve" and 12,
    1.5 hours and 90 minutes. `asked` is the unit of a bare `expected`, as `asked_unit` gives it.

    None where it cannot be told: no number to compare, amounts that another unit might explain (90 minutes and 1.5), or
    that are equal only when rounded.
    """
    if _bare(given) == _bare(expected):
        return True
    one, other = one_amount(given), one_amount(expected)
    if one is None or other is None:
        if other is not None and _COMMA.search(given) and (one := one_amount(_COMMA.sub(".", given))) is not None:
            return True if same_amount(one, other, asked) else None
        letters = [_bare(text) for text in (given, expected)]
        return False if all(len(text) == 1 and text.isalpha() for text in letters) else None
    return None if _only_a_bound(given) and not _only_a_bound(expected) else same_amount(one, other, asked)


def _only_a_bound(text: str) -> bool:
    text = spaced(plain(text))
    return any(bounded(text, amount) for amount in amounts(text)[:1])


@lru_cache(maxsize=1024)  # each turn is compared with its seed's answer
def one_amount(text: str) -> Amount | None:
    """The one amount that `text` names; None if there is none, more than one, or an expression around it."""
    text = spaced(plain(text)).strip()
    if pair := _TO.match(text):
        text = f"{pair[1]}:{pair[2]}"
    text = _LEAD.sub("", text)
    found = amounts(text)
    if len(found) != 1:
        return None
    (amount,) = found
    before, after = text[: amount.span[0]], text[amount.span[1] :]
    if not _NO_EXPRESSION.fullmatch(before.strip("*_[{ ") + after.strip("*_]} ")):
        return None
    if (
        re.match(r"(?-i:[a-zKMBπ√])(?![a-z])|[⁰¹²³⁴-⁹]", after)
        or re.match(r"[\s)]*[-/]\s*\(?[a-z]\b", after)
        or re.search(r"\b[a-z]\)?\s?[-/]\s?\(?$", before)
    ):
        return None  # "3x", "4²", "5 - x", "x/5"
    return amount


def same_amount(given: Amount, expected: Amount, asked: str = "") -> bool | None:
    if "clock" in (given.form, expected.form):
        return _same_clock(given, expected)
    if "ratio" in (given.form, expected.form):
        return _same_ratio(given, expected)
    if "percent" in (given.form, expected.form) or asked == "%":
        return _same_percent(given, expected, asked)
    unit = expected.unit or asked
    if not given.unit:
        return _equal(given, expected)
    if not unit or (unit == "one" and given.unit != "dozen"):
        if given.value == expected.value:
            return True
        explained = any(given.value * n == expected.value for n in relatives(given.unit).values())
        return None if explained else _equal(given, expected)
    factor = ratio(given.unit, unit)
    if factor is None:
        return None if given.value == expected.value and expected.unit else _equal(given, expected)
    if given.value * factor == expected.value:
        return True
    if given.value == expected.value and not expected.unit:
        return None  # the number is right, and the unit is not the one that seems to be asked for
    return _equal(given._replace(value=given.value * factor), expected)


def _equal(given: Amount, expected: Amount) -> bool | None:
    """Exactly equal; rounding to the decimals of a reference with two or more is equal too, the other way round or to
    fewer decimals cannot be told."""
    if given.value == expected.value:
        return True
    fine, coarse = _decimals(given), _decimals(expected)
    if coarse >= 2 and fine > coarse and _rounds(given.value, expected.value, coarse):
        return True
    shown = min(fine, coarse)
    if shown >= 1 and fine != coarse and _rounds(given.value, expected.value, shown):
        return None
    return False


def _rounds(one: Fraction, other: Fraction, decimals: int) -> bool:
    return abs(one - other) <= Fraction(1, 2 * 10**decimals) and (one > 0) == (other > 0)


def _decimals(amount: Amount) -> int:
    """How many decimals are shown; a fraction that does not end shows as many as one likes."""
    if "/" in amount.written:
        shown = decimal(amount.value)
        return 99 if "/" in shown else len(shown.partition(".")[2])
    return len(amount.written.partition(".")[2])


def _same_percent(given: Amount, expected: Amount, asked: str) -> bool | None:
    signs = [amount.form == "percent" for amount in (given, expected)]
    if signs == [True, True]:
        return _equal(given, expected)
    hundredth = given.value / 100 == expected.value if signs[0] else given.value == expected.value / 100
    if signs == [False, False]:
        same = _equal(given, expected)
        return None if not same and (hundredth or given.value * 100 == expected.value) else same
    if hundredth:
        return True
    if given.value == expected.value:
        # "25%" where the reference lost its sign; but is 0.5% meant where it says 0.5?
        sure = asked == "%" or not signs[0] or abs(expected.value) >= 1
        return True if sure and "/" not in expected.written else None
    same = _equal(given, expected)
    return None if same is False and _rounded_percent(*((given, expected) if signs[0] else (expected, given))) else same


def _rounded_percent(percent: Amount, other: Amount) -> bool:
    """33.3% and 1/3."""
    return "/" in other.written and _rounds(percent.value / 100, other.value, _decimals(percent) + 2)


def _same_clock(given: Amount, expected: Amount) -> bool | None:
    if given.form == expected.form:
        if given.parts[:2] == expected.parts[:2]:
            return given.value == expected.value or not (given.parts[2] and expected.parts[2])
        if given.parts[2] and expected.parts[2]:
            return given.value == expected.value
        if (given.value - expected.value) % 720 == 0:
            marked = any(clock.parts[2] or clock.parts[0] > 12 for clock in (given, expected))
            return True if marked else None
        as_ratios = given.parts[0] * expected.parts[1] == given.parts[1] * expected.parts[0]
        return None if as_ratios else False
    clock, other = (given, expected) if given.form == "clock" else (expected, given)
    if other.form == "ratio":
        return clock.parts[0] * other.parts[1] == clock.parts[1] * other.parts[0] and len(other.parts) == 2
    on_the_hour = clock.parts[1] == 0 and other.value in (clock.parts[0], clock.value / 60)
    return True if on_the_hour else None


def _same_ratio(given: Amount, expected: Amount) -> bool:
    if given.form == expected.form:
        pairs = zip(given.parts, expected.parts, strict=False)
        alike = len({one / other if other else None for one, other in pairs}) == 1
        return alike and len(given.parts) == len(expected.parts)
    return given.value == expected.value and 2 in (len(given.parts), len(expected.parts))


def _bare(text: str) -> str:
    return re.sub(r"^[\s$£€(*]+|[\s.!,)*]+$", "", text).casefold()
