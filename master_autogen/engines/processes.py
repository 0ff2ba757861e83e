"""Play lessons in worker processes, each with an event loop and clients of its own.

They are new processes, not forks: the log's lock and the threads of this one stay here. They live as long as the run,
and send each call as it ends, so that one that dies costs no more than its calls in flight: its lessons are played
again, by whoever has room, with the calls that are in the log.
"""

from __future__ import annotations

import asyncio
import pickle
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from typing import Any

from master_autogen.engines.company import Earlier, Listener, Opening
from master_autogen.engines.worker import (
    GRACE_S,
    Cancel,
    Ended,
    Message,
    Play,
    Ready,
    Refused,
    Start,
    Unpacker,
    Warned,
)
from master_autogen.errors import UserError
from master_autogen.grading.difficulty import Unit
from master_autogen.models.wire import said_of
from master_autogen.records import Lesson, LessonPlan

DEATHS = 10
"""Worker processes that may die in a run before it ends: something kills them, and would go on with it."""
CANCEL_S = 1.0
"""How long a lesson may take to be cancelled, in seconds; with the end of the workers, less than `loop.STOP_S`."""
_READ_BYTES = 2**18
# What the code it runs starts has the same standard input, and would take its messages from there.
_COMMAND = (
    "import os, pickle, sys; commands = os.fdopen(os.dup(0), 'rb'); os.dup2(os.open(os.devnull, os.O_RDONLY), 0); "
    "sys.path[:] = pickle.load(commands); from master_autogen.engines.worker import main; main(commands)"
)


class Workers:
    """A `Company` of `count` processes. `opening` and `setup` are sent to each, so they have to be picklable and of
    modules that can be imported there. `again` gives the recorded calls of a lesson whose worker died.

    `listener` hears of calls in this process. `start` before the first lesson; raises `UserError` where a worker
    cannot begin.
    """

    def __init__(
        self,
        opening: Opening,
        listener: Listener,
        again: Callable[[LessonPlan], Earlier],
        *,
        count: int,
        setup: Callable[[], object] | None = None,
    ) -> None:
        self._listener = listener
        self._again = again
        self._deaths = 0
        self._broken: Exception | None = None
        self._closing = False
        self._warned: dict[str, set[int]] = {}
        self._workers = [_Worker(self, Start(opening, place, setup)) for place in range(count)]

    @property
    def pids(self) -> list[int]:
        """Of the processes that are there, in order of their places."""
        return [worker.process.pid for worker in self._workers if worker.process is not None]

    async def start(self) -> None:
        try:
            for worker in self._workers:
                worker.begin()
            for worker in self._workers:
                await worker.ready.wait()
            self.check()
        except BaseException:
            await self.close()
            raise

    async def play(self, plan: LessonPlan, scales: Mapping[Unit, float], earlier: Earlier) -> Lesson:
        """See `Company.play`."""
        while True:
            self.check()
            worker = min(self._workers, key=lambda worker: (not worker.ready.is_set(), worker.load))
            outcome = await worker.play(Play(plan, scales, earlier))
            if isinstance(outcome, Lesson):
                return outcome
            if isinstance(outcome, Refused):
                raise outcome.error
            earlier = self._again(plan)

    async def close(self) -> None:
        """End all workers and wait until they are gone."""
        self._closing = True
        await asyncio.gather(*(worker.end() for worker in self._workers))

    def heard(self, place: int, message: Message) -> None:
        if isinstance(message, Warned):
            self._warn(place, message.text)
        elif not isinstance(message, Ready | Ended):
            self._listener.call_ended(message)

    def check(self) -> None:
        """Raise what has ended the run, if anything has."""
        if self._broken:
            raise self._broken

    def broken(self, error: Exception) -> None:
        """The run cannot go on; the first reason is the one that is told."""
        self._broken = self._broken or error
        for worker in self._workers:
            worker.give_up()
            worker.ready.set()  # nobody need wait for it

    def died(self, how: int, ready: bool) -> bool:
        """A worker is gone, or never was `ready`; whether it is to be replaced."""
        if self._closing or self._broken:
            return False
        self._deaths += 1
        if not ready:
            self.broken(
                UserError(f"a worker process ended as it began, by {_named(how)}; it said why above, if it could")
            )
        elif self._deaths == DEATHS:
            self.broken(
                UserError(
                    f"{DEATHS} worker processes died, the last by {_named(how)}; where that is the system, for want of "
                    "memory, give fewer --workers or a lower --concurrency. The same command goes on with the run"
                )
            )
        return self._broken is None

    def _warn(self, place: int, text: str) -> None:
        """Each worker finds out by itself that an endpoint is down: what others said of it already is no news."""
        said = self._warned.setdefault(text, set())
        if not said or place in said:
            said.clear()
            self._listener.warned(text)
        said.add(place)


class _Worker:
    """One place among the workers, and the process that has it now."""

    def __init__(self, company: Workers, start: Start) -> None:
        self._company = company
        self._start = start
        self._opening: list[bytes] = []
        self._ends: dict[str, asyncio.Future[Lesson | Refused | None]] = {}
        self._life: asyncio.Task[None] | None = None
        self.process: Process | None = None
        self.load = 0
        self.ready = asyncio.Event()

    def begin(self) -> None:
        self._opening = [pickle.dumps(part, pickle.HIGHEST_PROTOCOL) for part in (sys.path, self._start)]
        self._life = asyncio.create_task(self._live())

    async def play(self, message: Play) -> Lesson | Refused | None:
        """None where the worker died, or was told to cancel it."""
        self.load += 1
        try:
            await self.ready.wait()
            self._company.check()
            end: asyncio.Future[Lesson | Refused | None] = asyncio.get_running_loop().create_future()
            self._ends[message.plan.id] = end
            try:
                self._send(message)
                await asyncio.wait([end])
            except asyncio.CancelledError:
                self._send(Cancel(message.plan.id))
                await asyncio.wait([end], timeout=CANCEL_S)  # the rows of its cancelled calls are still to come
                raise
            finally:
                del self._ends[message.plan.id]
            return end.result()
        finally:
            self.load -= 1

    def give_up(self) -> None:
        """Nothing will come of its lessons."""
        for end in self._ends.values():
            if not end.done():
                end.set_result(None)

    async def end(self) -> None:
        if self._life is None:
            return
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
        done, _ = await asyncio.wait([self._life], timeout=GRACE_S + 0.5)
        if not done and self.process is not None:
            self.process.kill()
        await self._life

    async def _live(self) -> None:
        while True:
            try:
                process = self.process = await asyncio.create_subprocess_exec(
                    # A session of its own: Ctrl-C at the terminal is for the parent alone.
                    *(sys.executable, "-c", _COMMAND), stdin=PIPE, stdout=PIPE, start_new_session=True
                )  # fmt: skip
            except OSError as error:
                why = f"a worker process cannot be started: {said_of(error)}; give fewer --workers"
                self._company.broken(UserError(f"{why}. The same command goes on with the run"))
                return
            assert process.stdin is not None
            process.stdin.writelines(self._opening)
            try:
                await self._hear(process)
            except Exception as error:  # noqa: BLE001 - the log cannot be written, for one: whoever waits has to know
                self._company.broken(error)
                await self._drain(process)
            how = await process.wait()
            ready = self.ready.is_set()
            self.ready.clear()
            again = self._company.died(how, ready)
            self.give_up()
            if not again:
                self.ready.set()
                return

    async def _hear(self, process: Process) -> None:
        assert process.stdout is not None
        unpacker = Unpacker()
        while data := await process.stdout.read(_READ_BYTES):
            for message in unpacker.feed(data):
                if isinstance(message, Ready):
                    self.ready.set()
                elif isinstance(message, Ended):
                    self._ended(message)
                else:
                    self._company.heard(self._start.place, message)

    async def _drain(self, process: Process) -> None:
        assert process.stdout is not None
        while await process.stdout.read(_READ_BYTES):
            pass

    def _ended(self, message: Ended) -> None:
        if not message.lesson_id and isinstance(message.outcome, Refused):
            raise message.outcome.error
        end = self._ends.get(message.lesson_id)
        if end is not None and not end.done():
            end.set_result(message.outcome)

    def _send(self, message: Any) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        if not self.process.stdin.is_closing():  # else its end is about to be noticed
            self.process.stdin.write(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))


def _named(how: int) -> str:
    """An exit status in words."""
    return signal.Signals(-how).name if how < 0 else f"exit status {how}"
