"""What a section of the page is made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import NamedTuple, TypeVar

from master_autogen.report.plots import BarPlot, LinePlot

K = TypeVar("K", bound=Hashable)
R = TypeVar("R")


class Table(NamedTuple):
    """Rows of texts under `columns`; those from `numbers` on hold numbers. `total` is a last row that sums up. A
    `folded` table is long and opened by the reader."""

    title: str
    columns: tuple[str, ...]
    numbers: int
    rows: Sequence[tuple[str, ...]]
    total: tuple[str, ...] | None = None
    note: str = ""
    folded: bool = False


class Section(NamedTuple):
    """`tables` after `plots`; `missing` says why there is nothing to show."""

    id: str
    title: str
    note: str
    tables: Sequence[Table] = ()
    lines: Sequence[LinePlot] = ()
    bars: Sequence[BarPlot] = ()
    missing: str = ""


def grouped(rows: Iterable[R], key: Callable[[R], K]) -> dict[K, list[R]]:
    """`rows` by key, in the order in which keys are met first."""
    groups: dict[K, list[R]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups
