"""What plays lessons, be it in this process or in others: the same to whoever hands them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from master_autogen.grading.difficulty import Unit
from master_autogen.records import Call, Lesson, LessonPlan

Earlier = Mapping[str, Sequence[Call]]
"""The recorded calls of an earlier playing of a lesson, by episode id."""
NONE_EARLIER: Earlier = {}


class Listener(Protocol):
    """Who hears of every call as it ends, and of what people should know."""

    def call_ended(self, call: Call) -> None: ...

    def warned(self, text: str) -> None: ...


class Company(Protocol):
    """Plays any number of lessons at once."""

    async def play(self, plan: LessonPlan, scales: Mapping[Unit, float], earlier: Earlier) -> Lesson:
        """The lesson, played, checked and graded; calls that are in `earlier` are not made again. `scales`: see
        `play_lesson`. Raises `BudgetSpent`, `EndpointDown` where the lesson is to be played again with the calls made
        until then, and `UserError` for what ends the run. Cancelled, it returns when nothing of the lesson is left
        running."""
        ...

    async def close(self) -> None:
        """Give back connections and processes."""
        ...


Opening = Callable[[int, Listener], Company]
"""Makes the company of one process, given its place from 0. To be sent to other processes, it has to be picklable."""
