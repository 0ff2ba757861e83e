"""Expressions however they are typed: 4\\sqrt{3} and 4√3, x^2 + 3x and x² + 3x, (2, 3) and $(2,3)$.

>>> stands_in("x^2 + 3x", "You should get x² + 3x."), stands_in("x^2 + 3x", "You should get 2x² + 3x.")
('x^2 + 3x', None)
"""

from __future__ import annotations

import re

from master_autogen.arithmetic import plain, powers

_SIGNS = re.compile(
    r"\\(?:sqrt|pi|frac|log|ln|sin|cos|tan|theta|alpha|infty|overline|binom)|[\^√∛π∞⁰¹²³⁴-⁹]|"
    r"\d\s?[-+*/×·]\s?\(?[a-z]\b|\b[a-z]\)?\s?[-+*/×·]\s?\(?\d|\d[a-z]\b(?<![mglshkc])"
)
"""Without one of these it is a number, with a unit perhaps, or words."""
_UNIT_POWER = re.compile(
    r"(?i)(?<=\d)(\s*(?:[a-z]*m|ft|feet|foot|in|inch(?:es)?|yd|yards?|mi|miles?|units?|met(?:er|re)s?))\s*(?:\^\s?[23]|[²³])"
)
_ALONE = re.compile(r"\((\w+)\)")
_GOES_ON = re.compile(r"\s*[-+*/^]\s*(?:\d|\(|[a-z]\b|sqrt|pi\b)")
_WENT_BEFORE = re.compile(r"(?:\d|\)|\b[a-z])\s*[-+*/^]\s*$")
_NEAR = 9
"""Characters before an expression in which an operation that it belongs to ends."""


def unpowered(answer: str) -> str:
    """An answer in plain signs, with the unit of 25 cm^2 as in 25 cm."""
    return _UNIT_POWER.sub(r"\1", re.sub(r"[{}]", "", plain(answer)))


def has_signs(answer: str) -> bool:
    """Whether an answer, in plain signs, has a sign of an expression: it is more than an amount or words."""
    return _SIGNS.search(answer) is not None


def stands_in(expression: str, text: str) -> str | None:
    """Where the text has the expression, as it stands there in plain signs; None where it does not, or has it only as
    a part of a longer one."""
    wanted, said = "".join(_typed(expression).split()), _typed(text)
    if not wanted:
        return None
    pattern = r"\s*".join(map(re.escape, wanted))
    for found in re.finditer(rf"(?<![\w.]){pattern}(?!\w|[.,]\d)", said):
        before = said[max(0, found.start() - _NEAR) : found.start()]
        longer = _GOES_ON.match(said, found.end()) or _WENT_BEFORE.search(before)
        if not longer:
            return found[0]
    return None


def _typed(text: str) -> str:
    """In small letters, with ^ for powers, sqrt and pi for their signs, and nothing that is only for the eye."""
    text = powers(plain(text).casefold()).replace("√", "sqrt").replace("π", "pi").replace("÷", "/")
    text = re.sub(r"[×·]", "*", re.sub(r"[\\${}`]", "", text))
    text = re.sub(r"(?<=\d)\s*\*\s*(?=[a-z(])", "", text)
    return _ALONE.sub(r"\1", text)
