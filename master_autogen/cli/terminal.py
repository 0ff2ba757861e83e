"""How things look on a terminal: the console, tables, and numbers as people read them.

Texts of models and files are data: they are shown as they are, without markup, and cannot move the cursor nor turn the
order in which the rest of a line is read.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterable

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

PLAIN_WIDTH = 80
"""Columns where the output is no terminal."""

RULED = box.Box("    \n    \n ── \n    \n ── \n ── \n    \n    \n")
"""Columns without lines between them; one line under the head and one above a sum."""

# Beside what terminals obey, what overrides the direction of text: the end of a line could be shown before its start.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_SPARK = "▁▂▃▄▅▆▇█"


class PlainConsole(Console):
    """Prints nothing but `plain` text, whatever it is given: the codes for colours are put in after that."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(plain(segment.text), segment.style)


def console() -> Console:
    """A console on stdout; made for each command, because stdout may change between two of them."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A lone surrogate, or a block character on an old code page, is no reason to stop.
        sys.stdout.reconfigure(errors="replace")
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return PlainConsole(highlight=False, markup=False, emoji=False, width=width, soft_wrap=False)


def plain(text: str) -> str:
    """`text` without control characters other than line ends and tabs: a model's escape codes stay harmless."""
    return _CONTROL.sub("�", text.replace("\r\n", "\n"))


def table(*columns: str, right: Iterable[str] = (), wide: Iterable[str] = ()) -> Table:
    """An empty table: `right` columns hold numbers; `wide` ones may fold when space is short, the others do not."""
    made = Table(
        box=RULED,
        padding=(0, 1, 0, 0),
        show_edge=False,
        pad_edge=False,
        header_style="dim",
        border_style="dim",
    )
    for name in columns:
        made.add_column(
            name,
            justify="right" if name in right else "left",
            no_wrap=name not in wide,
            overflow="fold" if name in wide else "ellipsis",
        )
    return made


def heading(to: Console, text: str, more: str = "") -> None:
    """What the table below is about. A title of the table's own would be no wider than the table."""
    to.print(Text(plain(text), style="bold").append(f"  {more}" if more else "", style="not bold dim"))


def cell(value: object, style: str = "") -> Text:
    """A table cell: no markup, and a dash for what is not known."""
    return Text("-" if value is None else plain(str(value)), style=style if value is not None else "dim")


def beginning(text: str) -> Text:
    """A cell that holds as much of `text` as fits on one line."""
    return Text(" ".join(plain(text).split()), no_wrap=True, overflow="ellipsis")


def number(value: float | None, digits: int = 2) -> str | None:
    return None if value is None else f"{value:.{digits}f}"


def short_count(value: int) -> str:
    """A count in a few characters: 950, 12.3k, 4.6M."""
    for limit, unit in ((1_000_000, "M"), (10_000, "k")):
        if value >= limit:
            return f"{value / (1000 if unit == 'k' else limit):.1f}{unit}"
    return str(value)


def counted(count: int, what: str, plural: str = "") -> str:
    """A count with its noun: 1 lesson, 2 lessons."""
    return f"{count:,} {what if count == 1 else plural or what + 's'}"


def money(cost: float | None) -> str:
    """US dollars with as many digits as matter; "no price" where none is known."""
    if cost is None:
        return "no price"
    if 0 < cost < 0.0001:
        return "<$0.0001"
    return f"${cost:,.2f}" if cost == 0 or cost >= 1 else f"${cost:.4f}"


def duration(seconds: float) -> str:
    """Seconds as "8 s", "1 min 12 s" or "2 h 5 min"."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def bar(value: float, most: float, width: int) -> str:
    """A line as long as `value`, `most` filling `width` characters, in halves of a character."""
    halves = round(width * 2 * value / most) if most > 0 else 0
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(width)


def sparkline(values: Iterable[float | None], low: float, high: float) -> str:
    """One block a value, from `low` to `high`; a dot where there is none, middle height where all are alike."""

    def block(value: float | None) -> str:
        if value is None:
            return "·"
        at = (value - low) / (high - low) if high > low else 0.5
        return _SPARK[round(at * (len(_SPARK) - 1))]

    return "".join(block(value) for value in values)
