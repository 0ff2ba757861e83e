"""Which lessons of a run are shown in full: all of them, or so many of each kind, by hash. Knows no log."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from master_autogen.draws import draw
from master_autogen.log import LessonKey

K = TypeVar("K", bound=Hashable)

MOST = 1_000
"""Lessons in full; beyond it a page opens slowly."""
FEWEST = 10
"""Of each scenario and status, so that rare rejections are there to be read."""


def shares(sizes: Mapping[K, int], most: int, fewest: int = FEWEST) -> dict[K, int]:
    """How many of each kind to take, `most` in all: `fewest` of each or all it has, the rest in proportion to what is
    left of each. All where there are no more than `most`.

    >>> shares({"accepted": 900, "rejected": 90, "failed": 10}, 100)
    {'accepted': 74, 'rejected': 16, 'failed': 10}
    """
    if sum(sizes.values()) <= most:
        return dict(sizes)
    fewest = min(fewest, most // len(sizes))
    made = {kind: min(size, fewest) for kind, size in sizes.items()}
    left = {kind: size - made[kind] for kind, size in sizes.items()}
    spare, rest = most - sum(made.values()), sum(left.values())
    exact = {kind: spare * size / rest for kind, size in left.items()}
    for kind, share in exact.items():
        made[kind] += int(share)
    by_remainder = sorted(exact, key=lambda kind: int(exact[kind]) - exact[kind])
    for kind in by_remainder[: most - sum(made.values())]:
        made[kind] += 1
    return made


def choose(keys: Iterable[LessonKey], sizes: Mapping[tuple[str, str], int], most: int = MOST) -> set[str]:
    """The ids of the lessons to show. `sizes` are lessons by scenario and status. Of each kind those with the lowest
    hashes of their ids, so that the same run gives the same lessons; what is held in memory is bounded by `most`."""
    wanted = shares(sizes, most)
    lowest: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for key in keys:
        kind = (key.scenario, key.status)
        heap = lowest.setdefault(kind, [])
        entry = (-draw("report", key.id), key.id)
        if len(heap) < wanted.get(kind, 0):
            heapq.heappush(heap, entry)
        elif heap:
            heapq.heappushpop(heap, entry)
    return {lesson_id for heap in lowest.values() for _, lesson_id in heap}
