"""How many candidates a lesson needs: fewer where the probabilities, frozen at the round's start, are sure."""

from __future__ import annotations

import math
from collections.abc import Sequence

MOST = 5
"""Candidates while nothing is known, as in Star-Agents."""
LEAST = 2
"""The better of two samples of the same pair is still better than one."""
MISSED = 0.05
"""How often the likeliest pair may be missing among a lesson's candidates."""


def enough(probabilities: Sequence[float], *, least: int = LEAST, most: int = MOST) -> int:
    """As many draws as it takes to have the likeliest pair among them in 95 lessons of 100, within [least, most].

    >>> [enough([p, 1 - p]) for p in (0.5, 0.7, 0.9, 0.99)]
    [5, 3, 2, 2]
    """
    missing = 1.0 - max(probabilities)
    if missing <= MISSED:
        return least
    needed = math.ceil(math.log(MISSED) / math.log(missing) - 1e-9)
    return min(max(needed, least), most)
