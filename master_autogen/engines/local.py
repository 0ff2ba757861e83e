"""Hand out lessons, many at a time, to whoever plays them."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager

from master_autogen.errors import BudgetSpent, UserError
from master_autogen.records import Lesson, LessonPlan

logger = logging.getLogger(__name__)


_YOUNG_OBJECTS = 200_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Garbage is looked for seldom while lessons are played. Hundreds of them in flight are some hundred thousand live
    objects, and Python's default (after every 700 new ones) goes through these again and again: a third of the
    processor's time. What was loaded before is not looked at any more."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


async def play_all(
    plans: Sequence[LessonPlan],
    play: Callable[[LessonPlan], Awaitable[Lesson]],
    *,
    concurrency: int,
    started: Callable[[LessonPlan], None],
    done: Callable[[Lesson], None],
    enough: Callable[[], bool] = lambda: False,
) -> None:
    """Play every plan, at most `concurrency` at a time, begun in the order given; `done` is told as each one ends.

    A fault in playing one makes that lesson `failed`, with the reason. A `UserError` (a missing key, a full disk)
    ends them all: the others are cancelled and waited for. So does cancelling this, and `enough`, asked after each.
    Where the budget is spent, each lesson in flight goes on to its next call, and `BudgetSpent` is raised at the end,
    unless it was `enough` by then.
    """
    if enough():
        return
    waiting = iter(plans)
    spent: list[BudgetSpent] = []

    async def worker() -> None:
        for plan in waiting:
            started(plan)
            try:
                done(await played(plan, play))
            except BudgetSpent as error:
                spent.append(error)
            if enough():
                raise _Enough
            if spent:
                return

    try:
        with seldom_collected():
            async with asyncio.TaskGroup() as group:
                for _ in range(min(concurrency, len(plans))):
                    group.create_task(worker())
    except* _Enough:
        pass
    except* UserError as errors:
        raise _first(errors) from None
    if spent and not enough():
        raise spent[0]


class _Enough(Exception):
    """Ends the lessons that are still in flight."""


async def played(plan: LessonPlan, play: Callable[[LessonPlan], Awaitable[Lesson]]) -> Lesson:
    """The lesson; where playing it raises anything but a `UserError`, a failed one that says so."""
    try:
        return await play(plan)
    except UserError:
        raise
    except Exception as error:
        logger.exception("lesson %s failed", plan.id)
        return Lesson(plan=plan, status="failed", reason=f"{type(error).__name__}: {error}".split("\n")[0])


def _first(errors: BaseExceptionGroup[UserError]) -> UserError:
    inner = errors.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
