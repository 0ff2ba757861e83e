"""Texts and numbers as the page has them. Texts of models and files are data: they are escaped where they are put, and
what a reader could not see of them, control characters and reversals of the writing direction, is made visible.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

# Control characters but for tab and line end; embeddings, overrides and isolates of direction; lone surrogates.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NO_SCRIPT = re.compile("[<>&\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """`text` with what cannot be seen named instead.

    >>> visible("a\\x00b\\u202ec")
    'a⟨0000⟩b⟨202E⟩c'
    """
    return _UNSEEN.sub(lambda found: f"⟨{ord(found[0]):04X}⟩", text.replace("\r\n", "\n"))


def script_json(value: Any) -> str:
    """`value` as JSON that is safe inside a script element: nothing in it can end the element or begin a comment.

    >>> script_json({"text": "</script><!-- & "})
    '{"text":"\\\\u003c/script\\\\u003e\\\\u003c!-- \\\\u0026 "}'
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _NO_SCRIPT.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def count(value: int) -> str:
    return f"{value:,}"


def number(value: float | None, digits: int = 2) -> str:
    """`value` with so many digits; a dash where it is not known."""
    return "–" if value is None else f"{value:.{digits}f}"


def mean(total: float, of: int) -> str:
    return number(total / of if of else None)


def interval(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{low:.2f} to {high:.2f}"


def percent(value: float | None) -> str:
    """A share with one digit more where it is small: 12 %, 3.1 %; the space before the sign does not break."""
    if value is None:
        return "–"
    return (f"{value:.1%}" if 0 < value < 0.1 else f"{value:.0%}").replace("%", "\u00a0%")


def share(part: int, of: int) -> str:
    return percent(part / of if of else None)


def money(cost: float | None) -> str:
    """US dollars with as many digits as matter; a dash where no price is known."""
    if cost is None:
        return "–"
    if 0 < cost < 0.0001:
        return "<$0.0001"
    return f"${cost:,.2f}" if cost == 0 or cost >= 1 else f"${cost:.4f}"


def moment(seconds: float) -> str:
    """Unix time as local date and time."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


def duration(seconds: float) -> str:
    """Seconds as "8 s", "1 min 12 s" or "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
