"""Line charts with bands, side by side, as one SVG text. Knows nothing of what it draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import NamedTuple

WIDTH, HEIGHT, COLUMNS = 400, 300, 3  # of a panel, in pixels
LEFT, RIGHT, TOP, BOTTOM = 52, 100, 62, 38
COLOURS = {
    "uniform": "#8a8a8a",
    "paper": "#d55e00",
    "paper-pooled": "#cc79a7",
    "thompson": "#0072b2",
    "thompson-blind": "#56b4e9",
    "thompson-auto": "#009e73",
    "thompson-cost": "#009e73",
}
"""Colours that the colour-blind tell apart (Okabe and Ito)."""
INK, QUIET = "#222222", "#6b6b6b"


class Line(NamedTuple):
    """A line and the band about it."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


class Panel(NamedTuple):
    title: str
    about: str
    measures: str
    lines: Sequence[Line]


class Scale(NamedTuple):
    """From data to pixels of a panel."""

    most_x: float
    most_y: float

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * value / self.most_x

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.most_y


def draw_chart(panels: Sequence[Panel]) -> str:
    columns = min(COLUMNS, len(panels))
    wide, high = columns * WIDTH, math.ceil(len(panels) / columns) * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="11">',
        f'<rect width="{wide}" height="{high}" fill="white"/>',
    ]
    for place, panel in enumerate(panels):
        across, down = place % columns * WIDTH, place // columns * HEIGHT
        parts += [f'<g transform="translate({across} {down})">', *_panel(panel), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel) -> list[str]:
    scale = Scale(max(max(line.x) for line in panel.lines), _top(panel.lines))
    made = [
        _text(LEFT, 20, panel.title, INK, 'font-weight="bold" font-size="14"'),
        _text(LEFT, 35, panel.about, QUIET),
        _text(LEFT, 51, panel.measures, QUIET, 'font-style="italic"'),
    ]
    for value in ticks(scale.most_y):
        y = scale.y(value)
        made.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>')
        made.append(_text(LEFT - 6, y + 4, f"{value:g}", QUIET, 'text-anchor="end"'))
    for value in ticks(scale.most_x):
        made.append(_text(scale.x(value), HEIGHT - BOTTOM + 16, f"{value:g}", QUIET, 'text-anchor="middle"'))
    made.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, "seeds", QUIET, 'text-anchor="middle"'))
    for line in panel.lines:
        made += _line(line, scale)
    ends = [scale.y(min(line.y[-1], scale.most_y)) for line in panel.lines]
    for line, y in zip(panel.lines, apart(ends), strict=True):
        end = f" ↑ {line.y[-1]:.0f}" if line.y[-1] > scale.most_y else ""
        made.append(_text(WIDTH - RIGHT + 5, y + 4, line.name + end, _colour(line.name)))
    return made


def _line(line: Line, scale: Scale) -> list[str]:
    colour = _colour(line.name)
    there = [(x, min(y, scale.most_y)) for x, y in zip(line.x, line.high, strict=True)]
    back = [(x, min(y, scale.most_y)) for x, y in zip(line.x, line.low, strict=True)][::-1]
    path = [(x, y) for x, y in zip(line.x, line.y, strict=True) if y <= scale.most_y]
    return [
        f'<polygon points="{_points([*there, *back], scale)}" fill="{colour}" fill-opacity="0.18"/>',
        f'<polyline points="{_points(path, scale)}" fill="none" stroke="{colour}" stroke-width="1.8"/>',
    ]


def _top(lines: Sequence[Line]) -> float:
    """The top of the axis: over the highest band; where one line would flatten all others it runs out of the panel."""
    tops = sorted((max(line.high) for line in lines), reverse=True)
    return tops[0] * 1.05 if len(tops) < 2 or tops[0] < 2.5 * tops[1] else tops[1] * 1.6


def apart(places: Sequence[float], gap: float = 13) -> list[float]:
    """`places` moved down as far as it takes for any two to be `gap` apart, in their order.

    >>> apart([10, 12, 40])
    [10, 23, 40]
    """
    made = list(places)
    order = sorted(range(len(made)), key=lambda i: made[i])
    for above, below in pairwise(order):
        made[below] = max(made[below], made[above] + gap)
    return made


def ticks(most: float) -> list[float]:
    """Four to eight round numbers from 0 to `most`.

    >>> ticks(5000)
    [0, 1000, 2000, 3000, 4000, 5000]
    """
    rough = most / 5
    size = 10 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
    return [round(i * step, 10) for i in range(int(most / step + 1e-9) + 1)]


def _points(path: Sequence[tuple[float, float]], scale: Scale) -> str:
    return " ".join(f"{scale.x(x):.1f},{scale.y(y):.1f}" for x, y in path)


def _text(x: float, y: float, text: str, colour: str, more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" {more}>{escape(text)}</text>'


def _colour(name: str) -> str:
    return COLOURS.get(name, INK)
