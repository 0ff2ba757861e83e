"""Equations in a text, and whether they hold: exact, units inside, "could not tell" instead of a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import product

from master_autogen.arithmetic.around import clipped, mixes, rounds, says_else, unit_word
from master_autogen.arithmetic.hints import has_figure, letter_runs
from master_autogen.arithmetic.tokens import Token, kind_at, quotient, tokenize, undressed

_MAX_UNIT_WORDS = 4  # "5 cookies in each box * 3"
_UNKNOWNS = frozenset("xyzn")
_OPERATOR_SIGNS = "+-*/\\×÷·∙−–"
_OPERATOR_WORDS = frozenset({"plus", "minus", "times", "multiplied", "divided", "of", "x", "xx"})
_EQUAL_WORDS = frozenset({"equals", "equal"})
_IS_NUMBER = re.compile(r"(?i)\b(?:is|are|makes|gives)\b[\W_]*[\d¼-¾⅐-⅞$£€\\]")
"""Without one of these, or a sign for it, there is no equation."""
_DOTTED = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?:\.\d{3})+(?![\d.])")
"""1.000 may be a thousand."""


@dataclass(frozen=True)
class Equation:
    """`a op b [op c ...] = result`; operators are + - * /, percent signs are already taken for hundredths."""

    operands: tuple[Fraction, ...]
    operators: tuple[str, ...]
    result: Fraction
    span: tuple[int, int]
    text: str
    true: bool | None
    """None: could not tell."""
    worth: Fraction | None = None
    """What the calculated side comes to, where it can be worked out."""


def equations(text: str) -> list[Equation]:
    """Every equation in `text`, in order; "5 + 3 = 8 - 2 = 6" is one, and could not be told (a run-on)."""
    if not _may_calculate(text):
        return []
    tokens = tokenize(text)
    found: list[Equation] = []
    at = 0
    while at < len(tokens):
        if tokens[at].kind == "eq":
            equation, end = _equation(tokens, at, text)
            if equation is not None:
                found.append(equation)
            at = max(end, at + 1)
        else:
            at += 1
    return found


@lru_cache(maxsize=16)
def equations_of_whole(text: str) -> tuple[Equation, ...]:
    """The equations of a whole turn, which are kept for the checks that read it one after the other."""
    return tuple(equations(text))


def _may_calculate(text: str) -> bool:
    """False where there is no equation for certain: for want of an operator, or of what may be an equals sign."""
    if not has_figure(text):
        return False
    equal, operator = "=" in text, any(sign in text for sign in _OPERATOR_SIGNS)
    if equal and operator:
        return True
    said = letter_runs(text)
    if not operator and _OPERATOR_WORDS.isdisjoint(said):
        return False
    return equal or not _EQUAL_WORDS.isdisjoint(said) or "<<" in text or _IS_NUMBER.search(text) is not None


def _equation(tokens: list[Token], at: int, text: str) -> tuple[Equation | None, int]:
    start, sure = _left(tokens, at)
    if start == at:
        return None, at
    sides = [tokens[start:at]]
    while at < len(tokens) and tokens[at].kind == "eq":
        end = _right(tokens, at + 1)
        if end == at + 1:
            break
        sides.append(tokens[at + 1 : end])
        at = end
    if len(sides) < 2:
        return None, at
    last = max(i for i in range(start, at) if tokens[i].kind in ("num", "pct", "rp"))
    span = (tokens[start].span[0], tokens[last].span[1])
    return _judge(sides, span, text, sure), at


def _unit(tokens: list[Token], i: int, step: int) -> int:
    """Skip unit words ("cookies per box", "minutes/mile") from `i` in direction `step`; the first index not skipped."""
    words = 0
    while 0 <= i < len(tokens) and words <= _MAX_UNIT_WORDS:
        token = tokens[i]
        if token.kind == "word" and words < _MAX_UNIT_WORDS:
            words += 1
        elif (
            token.kind == "op" and token.op == "/" and kind_at(tokens, i + 1, "word") and kind_at(tokens, i - 1, "word")
        ):
            pass
        else:
            break
        i += step
    return i


def _left(tokens: list[Token], at: int) -> tuple[int, bool]:
    """Where the left side of the `=` at `at` starts (`at` itself if there is none), and whether that is certain."""
    start, i = at, at - 1
    while True:
        i = _unit(tokens, i, -1)
        i -= kind_at(tokens, i, "pct")
        i = _bracket(tokens, i, -1)
        if not kind_at(tokens, i, "num", "lp"):
            return _signed(tokens, start) if start < at else (at, True)
        i -= kind_at(tokens, i - 1, "cur")
        start = i
        if not kind_at(tokens, i - 1, "op"):
            lost = kind_at(tokens, i - 1, "eq") and not kind_at(tokens, i - 2, "word")
            return start, not (lost or (tokens[i].kind == "lp" and kind_at(tokens, i - 1, "num", "rp")))
        i -= 2


def _signed(tokens: list[Token], start: int) -> tuple[int, bool]:
    """The operator before `start` is the sign of the first number, or what is left of a lost calculation."""
    sign = tokens[start - 1].op == "-" and not kind_at(tokens, start - 2, "word", "num", "rp", "pct", "op")
    return (start - 1, True) if sign else (start, False)


def _bracket(tokens: list[Token], i: int, step: int) -> int:
    """From a bracket at `i` to its partner in direction `step`; `i` itself where none starts or it never ends."""
    opens, closes = ("lp", "rp") if step > 0 else ("rp", "lp")
    if not kind_at(tokens, i, opens):
        return i
    depth, j = 1, i
    while depth and 0 <= j + step < len(tokens):
        j += step
        depth += kind_at(tokens, j, opens) - kind_at(tokens, j, closes)
    return i if depth else j


def _right(tokens: list[Token], at: int) -> int:
    """The end of the side that starts at `at`; `at` itself if no number stands there."""
    end = at
    i = at + (kind_at(tokens, at, "op") and tokens[at].op == "-")
    while True:
        i += kind_at(tokens, i, "cur")
        i = _bracket(tokens, i, 1)
        if not kind_at(tokens, i, "num", "rp"):
            return end
        i += 1
        i += kind_at(tokens, i, "pct")
        end = i
        i = _unit(tokens, i, 1)
        if not kind_at(tokens, i, "op"):
            return i if kind_at(tokens, i, "eq") else end
        i += 1


def _judge(sides: list[list[Token]], span: tuple[int, int], text: str, sure: bool) -> Equation | None:
    """The sides as an equation; None if nothing is calculated in them."""
    plain = [_plain(side) for side in sides]
    calculated = next((side for side in plain if _count(side, "op")), None) or _quotient(plain, text)
    if calculated is None:
        return None
    operands = tuple(_percent(calculated, i) for i, t in enumerate(calculated) if t.kind == "num")
    operators = tuple(t.op for t in calculated if t.kind == "op")
    given = plain[-1] if _count(plain[-1], "num") == 1 else plain[0]
    result = next((_percent(given, i) for i, t in enumerate(given) if t.kind == "num"), None)
    if result is None or len(operators) != len(operands) - 1:
        return None
    if _count(given, "pct") and not any(_count(side, "pct") for side in plain if side is not given):
        result *= 100
    unknown = any(_unknown(side, i, text) for side in sides for i in range(len(side)))
    found = Equation(operands, operators, result, span, _shown(text, span), None, next(iter(_values(calculated)), None))
    if unknown or not sure or clipped(text, span):
        return found
    true = _holds(plain, text)
    return replace(found, true=None if true is False and _odd(found, sides, text) else true)


def _quotient(sides: list[list[Token]], text: str) -> list[Token] | None:
    """The side that is nothing but a fraction in LaTeX, which is a division: "\\frac{48}{2} = 24"."""
    alone = (side[0] for side in sides if len(side) == 1)
    return next((parts for token in alone if (parts := quotient(token, text))), None)


def _shown(text: str, span: tuple[int, int]) -> str:
    """The equation as it is written; without LaTeX dress of which the end is missing, as in "4 + 3 = \\boxed{7"."""
    shown = text[slice(*span)]
    return shown if shown.count("{") == shown.count("}") else " ".join(undressed(text)[slice(*span)].split())


def _count(side: list[Token], kind: str) -> int:
    return sum(token.kind == kind for token in side)


def _percent(side: list[Token], i: int) -> Fraction:
    value = side[i].value
    assert value is not None
    return value / 100 if kind_at(side, i + 1, "pct") else value


def _plain(side: list[Token]) -> list[Token]:
    """Without units and currency signs, a sign taken into its number."""
    units = {i for i in range(len(side)) if side[i].op == "/" and kind_at(side, i + 1, "word")}
    bare = [t for i, t in enumerate(side) if t.kind not in ("word", "cur") and i not in units]
    out: list[Token] = []
    for token in bare:
        sign = bool(out) and out[-1].op == "-" and (len(out) == 1 or out[-2].kind in ("op", "lp"))
        if sign and token.value is not None:
            out[-1] = Token("num", (out[-1].span[0], token.span[1]), -token.value)
        else:
            out.append(token)
    return out


def _unknown(side: list[Token], i: int, text: str) -> bool:
    """Whether this is a variable: a word where a number belongs, a letter on a number ("3x"), or x, y, z, n alone."""
    token = side[i]
    if token.kind != "word":
        return False
    if i == 0 or kind_at(side, i - 1, "op", "lp"):
        return i > 0 and not (side[i - 1].op == "/" and kind_at(side, i - 2, "word"))
    letter = text[slice(*token.span)]
    glued = side[i - 1].span[1] == token.span[0]
    return len(letter) == 1 and (letter.lower() in _UNKNOWNS or (glued and letter not in "mglshLc"))


def _odd(found: Equation, sides: list[list[Token]], text: str) -> bool:
    """What may mean something else than it seems: "2 litres = 1000 * 2", "17 / 5 = 3 remainder 2", "1.000 - 250"."""
    end = found.span[1]
    words = [text[slice(*token.span)] for side in sides for token in side if token.kind in ("word", "cur")]
    if says_else(text, found.span) or _oddly_written(sides, text):
        return True
    if _DOTTED.search(found.text) and any(other.true for other in equations(_DOTTED.sub(_undotted, found.text))):
        return True
    if found.worth is None:
        return False
    return rounds(text, end, found.worth, found.result) or mixes(
        [*words, unit_word(text, end)], found.operators, found.worth, found.result
    )


def _undotted(found: re.Match[str]) -> str:
    return found[0].replace(".", "")


def _oddly_written(sides: list[list[Token]], text: str) -> bool:
    """ "2 litres = 1000 * 2", "24 degrees / 3 degrees/5%", "0900"."""
    first = sides[0]
    if _count(first, "word") and not _count(first, "op"):
        return True
    for side in sides:
        for i, token in enumerate(side):
            if re.fullmatch(r"0\d+", text[slice(*token.span)]):
                return True
            ratio = token.op == "/" and kind_at(side, i - 1, "word") and kind_at(side, i + 1, "num")
            if ratio and side[i - 1].span[1] + 1 == side[i + 1].span[0]:
                return True
    return False


def _holds(sides: list[list[Token]], text: str) -> bool | None:
    """Whether all sides are worth the same; None where they are not but a run-on reading holds, or one has no value."""
    readings = [_values(side) for side in sides]
    if any(not values for values in readings):
        return None
    last = sides[-1]
    digits = _decimals(text, last[0]) if _count(last, "num") == 1 else 0
    if any(_all_equal(values, digits) for values in product(*readings)):
        return True
    firsts = [_values(side[: next((i for i, t in enumerate(side) if t.kind == "op"), None)]) for side in sides]
    run_on = len(sides) > 2 or _count(sides[-1], "op") > 0
    run_on = run_on and all(set(readings[i]) & set(firsts[i + 1]) for i in range(len(sides) - 1))
    return None if run_on else False


def _all_equal(values: tuple[Fraction, ...], digits: int) -> bool:
    """All equal, or the last is the first rounded or cut to its `digits` decimals where it needs more of them."""
    first, *between, last = values
    if any(value != first for value in between):
        return False
    if first == last:
        return True
    return digits > 0 and (first * 10**digits).denominator > 1 and abs(first - last) < Fraction(1, 10**digits)


def _decimals(text: str, token: Token) -> int:
    return len(text[slice(*token.span)].partition(".")[2])


def _values(side: list[Token]) -> list[Fraction]:
    """What the side is worth: with percent signs as hundredths, and as plain units where nothing is a part of
    something ("100% - 20% = 80%"). Empty where it cannot be worked out."""
    readings = [Fraction(1, 100)]
    if _count(side, "pct") and all(t.op in ("", "+", "-") for t in side):
        readings.append(Fraction(1))
    values: list[Fraction] = []
    for percent in readings:
        value, end = _sum(side, 0, percent)
        if value is not None and end == len(side):
            values.append(value)
    return values


def _sum(side: list[Token], i: int, percent: Fraction) -> tuple[Fraction | None, int]:
    value, i = _product(side, i, percent)
    while i < len(side) and side[i].op in ("+", "-"):
        sign = 1 if side[i].op == "+" else -1
        more, i = _product(side, i + 1, percent)
        value = None if value is None or more is None else value + sign * more
    return value, i


def _product(side: list[Token], i: int, percent: Fraction) -> tuple[Fraction | None, int]:
    value, i = _atom(side, i, percent)
    while i < len(side) and side[i].op in ("*", "/"):
        op = side[i].op
        more, i = _atom(side, i + 1, percent)
        if value is None or more is None or (op == "/" and not more):
            value = None
        else:
            value = value * more if op == "*" else value / more
    return value, i


def _atom(side: list[Token], i: int, percent: Fraction) -> tuple[Fraction | None, int]:
    if kind_at(side, i, "op") and side[i].op == "-":
        value, i = _atom(side, i + 1, percent)
        return (None if value is None else -value), i
    if kind_at(side, i, "lp"):
        value, i = _sum(side, i + 1, percent)
        return (value, i + 1) if kind_at(side, i, "rp") else (None, i)
    if not kind_at(side, i, "num"):
        return None, i
    value = side[i].value
    if kind_at(side, i + 1, "pct"):
        return (None if value is None else value * percent), i + 2
    return value, i + 1


def signature(response: str) -> str:
    """The operations of a worked solution in order, as "/ -": what makes two questions work alike."""
    return " ".join(op for equation in equations(response) for op in equation.operators)
