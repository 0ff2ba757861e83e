"""The process behind `symbolic`: reads [expected, given] as JSON, a line each, and answers true, false or null.

echo '["x^2-1", "(x+1)(x-1)"]' | python -m master_autogen.checks.expressions      # ready, then true
"""

from __future__ import annotations

import json
import logging
import re
import sys
from typing import Any

from master_autogen.arithmetic import powers

_TYPED = (
    (r"[−–]", "-"),
    (r"√\s*\(([^()]*)\)", r"\\sqrt{\1}"),
    (r"√\s*(\w+)", r"\\sqrt{\1}"),
    (r"(?<!\\)\bsqrt\s*\(([^()]*)\)", r"\\sqrt{\1}"),
    (r"(?<!\\)\b(pi|infty|cup|cap|sin|cos|tan|log|ln|alpha|beta|theta)\b", r"\\\1 "),
    ("π", r"\\pi "),
    ("θ", r"\\theta "),
    (r"∞|(?<!\\)\b(?:infinity|inf|oo)\b", r"\\infty "),
    ("∪", r"\\cup "),
    ("∩", r"\\cap "),
    (r"≤|<=", r"\\le "),
    (r"≥|>=", r"\\ge "),
    ("≠|!=", r"\\ne "),
    ("×", r"\\times "),
    ("·", r"\\cdot "),
    ("±", r"\\pm "),
    (r"\*\*", "^"),
    (r"(?<=[\w)])\*(?=[\w(\\])", r"\\cdot "),
    (r"(?<!\\)\{([^{}\\]*,[^{}]*)\}", r"\\{\1\\}"),
    (r"^\{(-?[\d./]+)\}$", r"\\{\1\\}"),
    (r"\\(?:dfrac|tfrac|cfrac)", r"\\frac"),
    (r"\\(?:displaystyle|left|right|,|;|!|quad)(?![a-zA-Z])", " "),
    (r"\\text\{\s*(and|or)\s*\}|\b(?:and|or)\b", ","),
    (r"\\text(?:bf|rm|it)?\{[^{}]*\}|\\mathrm\{[^{}]*\}", " "),
    (r"^\s*[\w\\]+\s*(?:\\in|∈)\s*(?=[\[({\\])", ""),
    (r"^\(\s*[a-z]\s*(?:,\s*[a-z]\s*)+\)\s*=\s*", ""),
    (r"^\$+|\$+$|^\\[(\[]|\\[)\]]$", ""),
    (r"(?<=[\w)}])\s+(?:square |cubic )?(?:units?|cm|km|m|inches|degrees)\s*$", ""),
    (r"[.\s]+$", ""),
)
_TYPED_RULES = tuple((re.compile(pattern, re.IGNORECASE if "infinity" in pattern else 0), to) for pattern, to in _TYPED)

_GIVEN = re.compile(r"([a-z])\s*=\s*([^,=]+?)\s*,\s*([a-z])\s*=\s*([^,=]+)")
_WORDS = re.compile(r"(?<![\\a-zA-Z])(?!(?:sin|cos|tan|cot|sec|csc|log|ln|exp|lim|mod)\b)[a-zA-Z]{3,}")
"""A word is no product of its letters."""


def tex(expression: str) -> str:
    """A typed expression in the LaTeX that math-verify reads: "2√3" is "2\\sqrt{3}"."""
    expression = powers(expression)
    for pattern, to in _TYPED_RULES:
        expression = pattern.sub(to, expression.strip())
    given = _GIVEN.fullmatch(expression.strip())
    return f"({given[2]}, {given[4]})" if given and given[1] < given[3] else expression.strip()


def _equal(expected: str, given: str) -> bool | None:
    """In the worker. What math-verify finds equal is equal; unequal only where both were really read, as one kind."""
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    kinds = [LatexExtractionConfig(), ExprExtractionConfig()]
    texts = [tex(expected), tex(given)]
    if any(_WORDS.search(text) for text in texts):
        return None
    read = []
    for text in texts:
        # parsing_timeout and timeout_seconds are signals: the process around this one's pipe is the time limit
        parsed = parse(f"${text}$", kinds, parsing_timeout=None, raise_on_error=False)
        read.append(parsed)
    gold, answer = read
    if not gold or not answer:
        return None
    if verify(gold, answer, timeout_seconds=None, raise_on_error=False):
        return True
    return False if _comparable(gold[0], answer[0]) and not _near(gold[0], answer[0]) else None


def _near(gold: Any, answer: Any) -> bool:
    """Whether one is the other, rounded: 1.57 is not pi/2, and not plainly wrong."""
    numbers = [getattr(value, "is_number", False) and not value.is_rational for value in (gold, answer)]
    if not any(numbers) or not all(getattr(value, "is_comparable", False) for value in (gold, answer)):
        return False
    return bool(abs(gold - answer) <= abs(gold) / 200)


def _comparable(gold: Any, answer: Any) -> bool:
    if isinstance(gold, str) or isinstance(answer, str):
        return False
    sorts = [_sort(value) for value in (gold, answer)]
    if sorts[0] == "set" and len(gold) > 1 and sorts[1] in ("value", "equation"):
        return True  # one solution of several
    return sorts[0] == sorts[1] or {*sorts} <= {"value", "equation"}


def _sort(value: Any) -> str:
    import sympy

    if isinstance(value, sympy.Equality):
        return "equation"
    if isinstance(value, sympy.core.relational.Relational | sympy.logic.boolalg.Boolean):
        return "relation"
    if isinstance(value, sympy.Interval | sympy.Union | sympy.Tuple | tuple):
        return "pair"  # "(1, 2)" is read as an interval, "(2, 1)" as a tuple
    if isinstance(value, sympy.Set):
        return "set"
    return "matrix" if isinstance(value, sympy.MatrixBase) else "value"


def _serve() -> None:
    logging.disable(logging.CRITICAL)
    out = sys.stdout
    sys.stdout = sys.stderr  # what a library prints must not look like a reply
    _equal("1", "1")
    print("ready", file=out, flush=True)
    for line in sys.stdin:
        expected, given = json.loads(line)
        try:
            same = _equal(expected, given)
        except Exception:  # noqa: BLE001 - sympy raises of all kinds on odd input; what it cannot read is not told
            same = None
        print(json.dumps(same), file=out, flush=True)


if __name__ == "__main__":
    _serve()
