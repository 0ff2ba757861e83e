"""The inside of a worker process: it plays the lessons it is sent and says what comes of them, call by call.

It reads pickled messages from what was its standard input: first a `Start`, then `Play` and `Cancel`, each as it comes.
Where that ends, so does the worker: its parent has closed it, or is gone. It writes lists of messages to what was its
standard output: a `Ready`, then calls, `Warned` and one `Ended` a lesson. What the code it runs prints goes to standard
error, and it has nothing to read.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, BinaryIO, NamedTuple

from master_autogen.engines.company import Company, Earlier, Opening
from master_autogen.engines.local import played, seldom_collected
from master_autogen.engines.loop import run_to_end
from master_autogen.errors import UserError
from master_autogen.grading.difficulty import Unit
from master_autogen.records import Call, Lesson, LessonPlan

GRACE_S = 2.0
"""How long a worker that is to end may take, in seconds."""
PIPE_BYTES = 2**20  # what Linux lets anyone ask for; with its usual 64 KiB a burst of calls waits for the reader
_LENGTH = struct.Struct("!I")


class Start(NamedTuple):
    """`setup` is called before anything else, `place` counts the workers from 0."""

    opening: Opening
    place: int
    setup: Callable[[], object] | None


class Play(NamedTuple):
    plan: LessonPlan
    scales: Mapping[Unit, float]
    earlier: Earlier


class Cancel(NamedTuple):
    lesson_id: str


class Ready(NamedTuple):
    """Everything is imported and at hand."""


class Warned(NamedTuple):
    text: str


class Refused(NamedTuple):
    """The text of a `UserError`, and which kind of one it is."""

    text: str
    kind: type[UserError] = UserError

    @property
    def error(self) -> UserError:
        return self.kind(self.text)


class Ended(NamedTuple):
    """`outcome` is None for a lesson that was cancelled; `lesson_id` is "" where the worker could not even begin."""

    lesson_id: str
    outcome: Lesson | Refused | None


Message = Call | Warned | Ready | Ended


def packed(messages: list[Message]) -> bytes:
    body = pickle.dumps(messages, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(body)) + body


class Unpacker:
    """Messages out of bytes that come in any pieces; what is not whole is kept for the next piece."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> Iterator[Message]:
        self._bytes += data
        at = 0
        while len(self._bytes) - at >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes, at)
            end = at + _LENGTH.size + length
            if len(self._bytes) < end:
                break
            messages: list[Message] = pickle.loads(memoryview(self._bytes)[at + _LENGTH.size : end])
            at = end
            yield from messages
        del self._bytes[:at]


class Outbox:
    """Sends what one turn of the event loop brought at once. Waits only where the parent is a mebibyte behind."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._waiting: list[Message] = []

    def call_ended(self, call: Call) -> None:
        self.put(call)

    def warned(self, text: str) -> None:
        self.put(Warned(text))

    def put(self, message: Message) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self.send)
        self._waiting.append(message)

    def send(self) -> None:
        if not self._waiting:
            return
        data, self._waiting = memoryview(packed(self._waiting)), []
        try:
            while data:
                data = data[os.write(self._to, data) :]
        except OSError:  # the parent is gone, and nobody would hear of anything that is still done
            os._exit(1)


class Worker:
    """Plays on one event loop until its `commands` end."""

    def __init__(self, company: Company, outbox: Outbox, commands: BinaryIO) -> None:
        self._company = company
        self._outbox = outbox
        self._commands = commands
        self._playing: dict[str, asyncio.Task[Lesson | Refused]] = {}
        self._end = asyncio.Event()

    async def work(self) -> None:
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(loop,), name="input", daemon=True).start()
        self._outbox.put(Ready())
        await self._end.wait()
        for task in self._playing.values():
            task.cancel()
        await asyncio.gather(*self._playing.values(), return_exceptions=True)
        await self._company.close()
        self._outbox.send()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        with contextlib.suppress(EOFError, OSError, pickle.UnpicklingError):  # cut off in the middle is an end, too
            while True:
                loop.call_soon_threadsafe(self._take, pickle.load(self._commands))
        loop.call_soon_threadsafe(self._end.set)
        time.sleep(GRACE_S)
        os._exit(1)  # something does not let itself be cancelled

    def _take(self, message: Play | Cancel) -> None:
        if isinstance(message, Play):
            task = asyncio.get_running_loop().create_task(self._play(message))
            self._playing[message.plan.id] = task
            task.add_done_callback(partial(self._ended, message.plan.id))
        elif message.lesson_id in self._playing:
            self._playing[message.lesson_id].cancel()

    async def _play(self, message: Play) -> Lesson | Refused:
        try:
            return await played(message.plan, lambda plan: self._company.play(plan, message.scales, message.earlier))
        except UserError as error:
            return Refused(str(error), type(error))

    def _ended(self, lesson_id: str, task: asyncio.Task[Lesson | Refused]) -> None:
        """Tell what came of a lesson; not in the task itself, which may have been cancelled before its first step."""
        del self._playing[lesson_id]
        self._outbox.put(Ended(lesson_id, None if task.cancelled() or task.exception() else task.result()))


async def _main(outbox: Outbox, commands: BinaryIO) -> None:
    start: Start = pickle.load(commands)
    try:
        if start.setup is not None:
            start.setup()
        company = start.opening(start.place, outbox)
    except UserError as error:
        outbox.put(Ended("", Refused(str(error))))
        outbox.send()
        return
    with seldom_collected():
        await Worker(company, outbox, commands).work()


def main(commands: BinaryIO) -> None:
    """What a worker process does."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the parent, which then ends its workers
        signal.signal(number, signal.SIG_IGN)
    to = os.dup(1)
    os.dup2(2, 1)
    _widen(to)
    run_to_end(_main(Outbox(to), commands), leave=partial(os._exit, 1))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # all is closed and told, and to take the interpreter to pieces costs 0.3 s at the end of each run


def _widen(pipe: int) -> None:
    try:
        import fcntl

        widen: Any = fcntl.F_SETPIPE_SZ
    except (ImportError, AttributeError):  # not Linux
        return
    with contextlib.suppress(OSError):  # a user's pipes may be limited in all
        fcntl.fcntl(pipe, widen, PIPE_BYTES)
