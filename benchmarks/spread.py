"""A measured value as it is told everywhere here: the median of several runs, with the least and the most."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

Spread = dict[str, float]
"""`median`, `min` and `max`."""


def spread(values: Sequence[float]) -> Spread:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def said(of: Spread, digits: int) -> str:
    """
    >>> said(spread([2.0, 1.0, 4.0]), 1)
    '2.0 (1.0-4.0)'
    """
    return f"{of['median']:.{digits}f} ({of['min']:.{digits}f}-{of['max']:.{digits}f})"
