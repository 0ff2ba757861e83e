"""Final answers: which one a text gives, and whether two say the same."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from master_autogen.arithmetic.equations import Equation, equations
from master_autogen.arithmetic.tokens import Number, numbers


class Final(NamedTuple):
    """A final answer as it is written. `explicit`: said to be the answer; `sure`: no other number could be meant;
    `unit`: the measure that follows, which may explain another number (90 minutes, 1.5 hours)."""

    text: str
    explicit: bool
    sure: bool
    unit: str = ""


_HASHES = re.compile(r"####\s*([^\n]+)")
_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
_ANSWER = re.compile(
    r"\banswers?(?:\s+(?:is|are|to\s+[^.:\n]{1,60}\s+is)|\s+will\s+be|\s*[:=])(?!\s*not\b)\s*(?=([^\n]+))",
    re.IGNORECASE,
)
_TIME = re.compile(r"\d{1,2}:\d{2}(?!\d)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
_MEASURE = re.compile(
    r"(?i)^\s?(seconds?|minutes?|hours?|days?|weeks?|months?|years?|cents?|¢|pence|pennies|dozens?|percent|inch(?:es)?|"
    r"feet|foot|yards?|miles?|[mck]?m|(?:milli|centi|kilo)?met(?:re|er)s?|k?g|(?:kilo)?grams?|kilos?|m?l|"
    r"(?:milli)?lit(?:re|er)s?|hundreds?|thousands?)\b"
)
_UNIT_RATIOS = frozenset(Fraction(n) for n in (7, 10, 12, 24, 52, 60, 100, 365, 1000, 3600))


def read_final(text: str) -> Final | None:
    """The final answer of `text`, or None: '#### n', \\boxed{n}, 'answer is n' (the result, where it says a + b = n),
    else the last '= n', else the last number."""
    for pattern in (_HASHES, _BOXED, _ANSWER):
        for found in reversed(list(pattern.finditer(text))):
            if (stated := _stated(found[1])) is not None:
                return Final(stated, explicit=True, sure=True, unit=_unit(found[1], stated))
    every = numbers(text)
    if not every:
        return None
    found_equations = equations(text)
    last = every[-1]
    if not found_equations:
        return Final(last.text, explicit=False, sure=len({number.value for number in every}) == 1)
    result = _result(found_equations[-1])
    closing = numbers(_SENTENCE_END.split(text.strip())[-1])
    sure = last.value == result.value or result.value in {number.value for number in closing}
    return Final(result.text, explicit=False, sure=sure)


def final_answer(text: str) -> str | None:
    """The final answer of `text` as it is written, or None; `read_final` also tells how sure that is."""
    final = read_final(text)
    return None if final is None else final.text


def _result(equation: Equation) -> Number:
    return numbers(equation.text)[-1]


def _unit(rest: str, stated: str) -> str:
    found = _MEASURE.search(rest[rest.rfind(stated) + len(stated) :])
    return found[1] if found else ""


def _stated(rest: str) -> str | None:
    """The number said after "answer is": the first, or the result of the calculation that it starts."""
    if clock := _TIME.match(rest.lstrip(" $*(")):
        return clock[0]
    every = numbers(rest)
    if not every or re.search(r"[.!?]\s", rest[: every[0].span[0]]) or len(rest[: every[0].span[0]].split()) > 4:
        return None
    for equation in equations(rest):
        if equation.span[0] <= every[0].span[0]:
            return _result(equation).text
    first = every[0]
    start, end = first.span
    sign = re.search(r"(?:^|[\s(])(-|−)\s?[$£€]?$", rest[:start])
    fraction = re.match(r"\s?/\s?\d+", rest[end:])
    percent = re.match(r"\s?%", rest[end:])
    shown = rest[start:end] + (fraction[0] if fraction else "") + ("%" if percent else "")
    return ("-" if sign else "") + shown


def same_answer(given: str, expected: str) -> bool | None:
    """Whether two final answers are the same: 0.5 and 1/2, 1,000 and 1000, $5 and 5, 25% and 0.25, "twelve" and 12.

    None where it cannot be told: no number to compare, or amounts that another unit might explain (90 minutes and 1.5).
    """
    if _bare(given) == _bare(expected):
        return True
    if _TIME.fullmatch(_bare(given)) or _TIME.fullmatch(_bare(expected)):
        return None
    one, other = _value(given), _value(expected)
    if one is None or other is None:
        letters = [_bare(text) for text in (given, expected)]
        return False if all(len(text) == 1 and text.isalpha() for text in letters) else None
    if one == other:
        return True
    percents = ["%" in text for text in (given, expected)]
    if percents[0] != percents[1]:
        return (one / 100 if percents[0] else one) == (other / 100 if percents[1] else other)
    measured = _MEASURE.search(given[numbers(given)[-1].span[1] :])
    if measured and one and other and max(one / other, other / one) in _UNIT_RATIOS:
        return None
    return False


def _bare(text: str) -> str:
    return re.sub(r"^[\s$£€(*]+|[\s.!,)*]+$", "", text).casefold()


def _value(text: str) -> Fraction | None:
    """The one number that `text` names, with sign and simple fraction; None if there is none or more than one."""
    every = numbers(text)
    if len(every) == 2 and re.fullmatch(r"\s*/\s*", text[every[0].span[1] : every[1].span[0]]):
        if not every[1].value:
            return None
        value = every[0].value / every[1].value
    elif len(every) == 1:
        value = every[0].value
    else:
        return None
    return -value if re.search(r"[-−]\s?[$£€]?$", text[: every[0].span[0]]) else value
