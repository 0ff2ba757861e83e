"""Every draw and every call's sampling seed, as a hash of what is drawn for: never of time, run id or order of arrival.

>>> draw(0, "debate", 1, "seed", 2) == draw(0, "debate", 1, "seed", 2)
True
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_BITS = 63  # fits SQLite's and most endpoints' signed 64-bit integers


def draw(*what: object) -> int:
    """A whole number in [0, 2**63), the same for the same `what`."""
    text = "\x1f".join(map(str, what))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> (64 - _BITS)


def unit(*what: object) -> float:
    """A number in [0, 1), the same for the same `what`."""
    return float(draw(*what) >> (_BITS - 53)) / float(1 << 53)


def choose(options: Sequence[T], *what: object, weights: Sequence[float] | None = None) -> T:
    """One of `options`, with these `weights` (need not sum to 1) or all alike."""
    if not options:
        raise ValueError("nothing to choose from")
    if weights is None:
        return options[draw(*what) % len(options)]
    if len(weights) != len(options):
        raise ValueError(f"{len(options)} options but {len(weights)} weights")
    mark = unit(*what) * sum(weights)
    for option, weight in zip(options, weights, strict=True):
        mark -= weight
        if mark < 0:
            return option
    return options[max(i for i, weight in enumerate(weights) if weight > 0)]
