"""How far a judge can be trusted: how often the order changes its verdict, whether length does, whether people agree.

Arithmetic only; it knows no judge and no log. Values are None where there is too little to say anything.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from master_autogen.draws import draw
from master_autogen.records import Verdict

MIN_PAIRS = 10
"""With fewer decided pairs neither a correlation nor an interval says anything."""

DRAWS = 2000
"""Samples of the bootstrap; the ends of a 95 % interval then move by about 0.01 from one random seed to the next."""


class Interval(NamedTuple):
    low: float
    high: float


def flip_rate(pairs: Sequence[tuple[Verdict, Verdict]]) -> float | None:
    """The share of pairs whose verdict on the candidate is another when the order is swapped; None without pairs."""
    return sum(ab != ba for ab, ba in pairs) / len(pairs) if pairs else None


def length_correlation(longer_by: Sequence[float], chosen: Sequence[bool]) -> float | None:
    """The point-biserial correlation between how much longer the candidate is and whether it was chosen, in [-1, 1].

    Ties are left out by the caller. None under 10 pairs, or where all lengths differ alike or all pairs went one way.
    """
    if len(longer_by) != len(chosen):
        raise ValueError(f"{len(longer_by)} lengths but {len(chosen)} verdicts")
    n, wins = len(chosen), sum(chosen)
    if n < MIN_PAIRS or wins in (0, n):
        return None
    mean = sum(longer_by) / n
    spread = math.sqrt(sum((x - mean) ** 2 for x in longer_by) / n)
    if spread == 0:
        return None
    won = sum(x for x, c in zip(longer_by, chosen, strict=True) if c) / wins
    lost = sum(x for x, c in zip(longer_by, chosen, strict=True) if not c) / (n - wins)
    return (won - lost) / spread * math.sqrt(wins * (n - wins)) / n


def kappa(ours: Sequence[str], theirs: Sequence[str]) -> float | None:
    """Cohen's kappa: agreement beyond chance, 1 for full agreement, 0 for chance, below 0 for less than chance.

    None without pairs, or where both give one and the same verdict throughout, so that chance alone would agree.
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} verdicts but {len(theirs)} to compare them with")
    if not ours:
        return None
    names = sorted({*ours, *theirs})
    places = {name: i for i, name in enumerate(names)}
    table = np.zeros((1, len(names), len(names)))
    np.add.at(table[0], ([places[o] for o in ours], [places[t] for t in theirs]), 1.0)
    found = float(_kappas(table)[0])
    return None if math.isnan(found) else found


def kappa_interval(
    ours: Sequence[str], theirs: Sequence[str], *, random_seed: int = 0, level: float = 0.95
) -> Interval | None:
    """A percentile bootstrap interval of `kappa` over the pairs, the same for the same pairs and random seed.

    Samples in which kappa has no value are left out; None where `kappa` has none, or under 10 pairs.
    """
    if kappa(ours, theirs) is None or len(ours) < MIN_PAIRS:
        return None
    names = sorted({*ours, *theirs})
    # A sample of the pairs with replacement is a draw of how often each cell of the table is met.
    cells = [names.index(o) * len(names) + names.index(t) for o, t in zip(ours, theirs, strict=True)]
    shares = np.bincount(cells, minlength=len(names) ** 2) / len(ours)
    numbers = np.random.default_rng(draw("kappa", random_seed))
    tables = numbers.multinomial(len(ours), shares, size=DRAWS).reshape(DRAWS, len(names), len(names))
    found = _kappas(tables.astype(float))
    edge = (1 - level) / 2
    low, high = np.nanquantile(found, (edge, 1 - edge))
    return Interval(float(low), float(high))


def _kappas(
    tables: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Kappa of each table of counts (samples, ours, theirs); NaN where chance alone would agree in full."""
    total = tables.sum(axis=(1, 2))
    agreed = np.trace(tables, axis1=1, axis2=2) / total
    chance = (tables.sum(axis=2) * tables.sum(axis=1)).sum(axis=1) / total**2
    left = 1 - chance
    made: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.full(len(tables), np.nan)
    np.divide(agreed - chance, left, out=made, where=left > 1e-12)
    return made
