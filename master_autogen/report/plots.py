"""Plots as plain geometry for the page's template: where lines, bars, ticks and names go. Knows no log."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

WIDTH = 760
LEFT, RIGHT, TOP, BOTTOM = 48, 250, 14, 36
LABEL_GAP = 18
LEAST_HEIGHT = 190
NAMED = 8
"""Lines with a name and a colour of their own; more are thin and grey."""
MOST_TICKS = 12


class Tick(NamedTuple):
    at: float
    text: str


class Line(NamedTuple):
    """A named line: `points` for a polyline, dots at its ends, and its name at `label_y`, right of the end."""

    name: str
    value: str
    points: str
    dots: tuple[tuple[float, float], ...]
    end: tuple[float, float]
    label_y: float


class LinePlot(NamedTuple):
    title: str
    height: float
    width: float
    right: float
    bottom: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    others: tuple[str, ...]
    x_name: str


class Bar(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    told: str
    text: str


class BarPlot(NamedTuple):
    title: str
    width: float
    height: float
    bottom: float
    bars: tuple[Bar, ...]
    x_ticks: tuple[Tick, ...]


def line_plot(title: str, rounds: Sequence[str], lines: Mapping[str, Sequence[float | None]], x_name: str) -> LinePlot:
    """Values by round, each line from its first known value to its last; the highest at the end are named."""
    height = max(LEAST_HEIGHT, TOP + BOTTOM + LABEL_GAP * min(NAMED, len(lines)))
    right, bottom = WIDTH - RIGHT, height - BOTTOM
    step = _step(max((v for values in lines.values() for v in values if v is not None), default=0.0))
    top = step * 4

    def x(i: int) -> float:
        return round(LEFT + (right - LEFT) * (i / (len(rounds) - 1) if len(rounds) > 1 else 0.5), 1)

    def y(value: float) -> float:
        return round(bottom - (bottom - TOP) * value / top, 1)

    known = {name: [(x(i), y(v)) for i, v in enumerate(vs) if v is not None] for name, vs in lines.items()}
    last = {name: next(v for v in reversed(vs) if v is not None) for name, vs in lines.items() if known[name]}
    ranked = sorted(last, key=lambda name: -last[name])
    named = ranked[:NAMED]
    labels = spread([known[name][-1][1] for name in named], LABEL_GAP, TOP + 4, bottom)
    return LinePlot(
        title=title,
        width=WIDTH,
        height=height,
        right=right,
        bottom=bottom,
        x_ticks=tuple(Tick(x(i), rounds[i]) for i in evenly(len(rounds), MOST_TICKS)),
        y_ticks=tuple(Tick(y(step * i), f"{step * i:.{_digits(step)}f}") for i in range(5)),
        lines=tuple(
            Line(name, f"{last[name]:.3f}", _points(known[name]), tuple(known[name]), known[name][-1], label)
            for name, label in zip(named, labels, strict=True)
        ),
        others=tuple(_points(known[name]) for name in ranked[NAMED:]),
        x_name=x_name,
    )


def bar_plot(title: str, counts: Sequence[int], edges: Sequence[str], what: str) -> BarPlot:
    """Counts of values between neighbouring `edges`."""
    width, height, left, bottom = 360.0, 150.0, 12.0, 122.0
    each = (width - 2 * left) / len(counts)
    most = max([*counts, 1])
    return BarPlot(
        title=title,
        width=width,
        height=height,
        bottom=bottom,
        bars=tuple(
            Bar(
                x=round(left + each * i + 1, 1),
                y=round(bottom - (bottom - 22) * n / most, 1),
                width=round(each - 2, 1),
                height=round((bottom - 22) * n / most, 1),
                told=f"{edges[i]} to {edges[i + 1]}: {n:,} {what}",
                text=f"{n:,}" if n else "",
            )
            for i, n in enumerate(counts)
        ),
        x_ticks=tuple(Tick(round(left + each * i, 1), edge) for i, edge in enumerate(edges)),
    )


def spread(ys: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Places for labels near `ys`, at least `gap` apart and between `top` and `bottom` where they fit.

    >>> spread([10, 12, 80], 10, 0, 100)
    [10, 20, 80]
    """
    order = sorted(range(len(ys)), key=lambda i: ys[i])
    placed = [0.0] * len(ys)
    at = top - gap
    for i in order:
        at = placed[i] = max(ys[i], at + gap)
    limit = bottom
    for i in reversed(order):
        placed[i] = min(placed[i], limit)
        limit = placed[i] - gap
    return placed


def evenly(count: int, most: int) -> list[int]:
    """At most `most` of 0 to count - 1, the first and the last among them, at even distances."""
    if count <= most:
        return list(range(count))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def _points(found: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in found)


def _step(most: float) -> float:
    """A round distance of ticks, so that four of them reach `most`."""
    raw = max(most, 0.04) / 4
    size = 10.0 ** math.floor(math.log10(raw))
    return next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw - 1e-12)


def _digits(step: float) -> int:
    return next(digits for digits in range(1, 9) if abs(round(step, digits) - step) < 1e-9)
