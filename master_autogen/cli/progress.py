"""How a run shows that it goes on: a bar on a terminal, a line now and then elsewhere, nothing where quiet is asked.

`Watch` is the pipeline's watcher; it counts what it is told, and a `Display` shows the count.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn
from rich.text import Text

from master_autogen.cli.terminal import counted, duration, money, short_count

if TYPE_CHECKING:
    from master_autogen.records import Call, Lesson

STATUSES = {"accepted": "green", "rejected": "yellow", "failed": "red"}
"""How a lesson that was played may have ended, with the colour it is shown in."""

EVERY_S = 10.0
"""How often a line is printed where there is no terminal, in seconds."""


class Tally:
    """What has happened so far in this invocation; `done` and `planned` count the lessons of the current round."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began = clock()
        self._round_began = self._began
        self.round = 0
        self.rounds = 0
        self.planned = 0
        self.done = 0
        self.statuses: Counter[str] = Counter()
        self.round_statuses: Counter[str] = Counter()
        self.calls = 0
        self.failed_calls = 0
        self.tokens = 0
        self.cost: float | None = None

    def plan(self, number: int, rounds: int, lessons: int) -> None:
        self.round, self.rounds, self.planned, self.done = number, rounds, lessons, 0
        self.round_statuses = Counter()
        self._round_began = self._clock()

    def add_call(self, call: Call) -> None:
        self.calls += 1
        self.failed_calls += call.status == "error"
        self.tokens += (call.prompt_tokens or 0) + (call.completion_tokens or 0)
        if call.cost is not None:
            self.cost = (self.cost or 0.0) + call.cost

    def add_lesson(self, lesson: Lesson) -> None:
        self.done += 1
        self.statuses[lesson.status] += 1
        self.round_statuses[lesson.status] += 1

    @property
    def seconds(self) -> float:
        return self._clock() - self._began

    @property
    def seconds_left(self) -> float | None:
        """An estimate, taking the rounds to come for as large as this one; None before the first lesson is done."""
        played = sum(self.statuses.values())
        if not played:
            return None
        to_come = self.planned - self.done + (self.rounds - self.round) * self.planned
        return self.seconds / played * to_come

    def spent(self) -> str:
        failed = f" ({self.failed_calls} failed)" if self.failed_calls else ""
        cost = "" if self.cost is None else f", {money(self.cost)}"
        return f"{counted(self.calls, 'call')}{failed}, {short_count(self.tokens)} tokens{cost}"

    def round_line(self) -> str:
        if not self.planned:
            return f"round {self.round} of {self.rounds}: nothing left to play"
        took = f"{counted(self.planned, 'lesson')} in {duration(self._clock() - self._round_began)}"
        return f"round {self.round} of {self.rounds}: {took}; {outcome(self.round_statuses)}"


def outcome(statuses: Mapping[str, int]) -> str:
    """How many lessons were accepted, rejected, failed."""
    return ", ".join(f"{statuses.get(status, 0)} {status}" for status in STATUSES)


class Display(Protocol):
    """What is shown of a tally; `round_over` is told once a round, `warn` what the user should know at once."""

    def changed(self, tally: Tally) -> None: ...

    def round_over(self, tally: Tally) -> None: ...

    def warn(self, text: str) -> None: ...


class Nothing:
    """Shows nothing."""

    def changed(self, tally: Tally) -> None:
        """Nothing to do."""

    def round_over(self, tally: Tally) -> None:
        """Nothing to do."""

    def warn(self, text: str) -> None:
        """Nothing to do."""


class Lines:
    """One line a round, and between them one at most every few seconds."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._last = clock()

    def changed(self, tally: Tally) -> None:
        if self._clock() - self._last < EVERY_S or tally.done == tally.planned:
            return
        self._last = self._clock()
        left = "" if tally.seconds_left is None else f", about {duration(tally.seconds_left)} left"
        done = f"round {tally.round} of {tally.rounds}: {tally.done} of {counted(tally.planned, 'lesson')}"
        self._console.print(f"{done}; {outcome(tally.statuses)} so far; {tally.spent()}{left}", soft_wrap=True)

    def round_over(self, tally: Tally) -> None:
        self._last = self._clock()
        self._console.print(f"{tally.round_line()}; {tally.spent()} so far", soft_wrap=True)

    def warn(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class Bar(Progress):
    """The round as a bar, with what has come of it and what it took below."""

    def __init__(self, console: Console) -> None:
        self._tally: Tally | None = None  # drawn by the base class as soon as it is made
        super().__init__(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None, complete_style="cyan", finished_style="cyan"),
            TextColumn("{task.fields[done]}"),
            console=console,
            expand=True,
            transient=True,
            refresh_per_second=8,
        )
        self._task = self.add_task("getting ready", total=None, done="")

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self._tally is not None:
            told, statuses = Text(), self._tally.statuses
            for status, colour in STATUSES.items():
                told.append(f"{statuses[status]} {status}   ", style=colour if statuses[status] else "dim")
            yield told.append(self._tally.spent(), style="dim")

    def changed(self, tally: Tally) -> None:
        self._tally = tally
        left = "" if tally.seconds_left is None else f", about {duration(tally.seconds_left)} left"
        self.update(
            self._task,
            description=f"round {tally.round} of {tally.rounds}",
            total=tally.planned,
            completed=tally.done,
            done=f"{tally.done} of {counted(tally.planned, 'lesson')}{left}",
        )

    def round_over(self, tally: Tally) -> None:
        self.console.print(tally.round_line())

    def warn(self, text: str) -> None:
        self.console.print(text, style="yellow", markup=False, highlight=False, soft_wrap=True)


class Watch:
    """The watcher that the pipeline tells; `begun` is given the run's id and whether it was begun before."""

    def __init__(self, tally: Tally, display: Display, begun: Callable[[str, bool], None]) -> None:
        self.tally = tally
        self._display = display
        self._begun = begun

    def run_begun(self, run_id: str, resumed: bool) -> None:
        self._begun(run_id, resumed)

    def round_planned(self, number: int, rounds: int, lessons: int) -> None:
        self.tally.plan(number, rounds, lessons)
        self._display.changed(self.tally)
        if not lessons:
            self._display.round_over(self.tally)

    def call_ended(self, call: Call) -> None:
        self.tally.add_call(call)
        self._display.changed(self.tally)

    def lesson_ended(self, lesson: Lesson) -> None:
        self.tally.add_lesson(lesson)
        self._display.changed(self.tally)
        if self.tally.done == self.tally.planned:
            self._display.round_over(self.tally)

    def warned(self, text: str) -> None:
        self._display.warn(text)
