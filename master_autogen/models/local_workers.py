"""Threads for work that cannot be awaited: it stops at a deadline, with its caller, and before the process ends.

Work is a function of `stopped`, which it asks at every opportunity (between tokens). It knows no model.

The process must not end while a thread is inside the engine: that is a segmentation fault. The interpreter waits for
the threads of a pool by itself, but Ctrl-C cuts that short and leaves them marked as ended; hence `end_all`.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, ClassVar, TypeVar

from master_autogen.errors import CallError
from master_autogen.models.client import Slots

T = TypeVar("T")
Stopped = Callable[[], bool]


class Workers:
    """`count` threads for one engine, usable from any event loop of the process that made them."""

    _alive: ClassVar[set[Workers]] = set()  # all that are not closed, for the end of the process

    def __init__(self, count: int) -> None:
        self._pid = os.getpid()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="embedded")
        self._slots = Slots(count)
        self._unfinished: dict[Future[Any], threading.Event] = {}
        self._alive.add(self)

    async def run(self, work: Callable[[Stopped], T], timeout_s: float) -> T:
        """What `work` returns. The deadline runs from when a thread is free. CallError for a passed deadline and in a
        forked process, where the engine's threads do not exist and a request would wait for ever."""
        if os.getpid() != self._pid:
            raise CallError(
                "request",
                f"the embedded engine runs in process {self._pid}, not in its fork {os.getpid()}; "
                "start worker processes by spawn",
            )
        stop = threading.Event()
        async with self._slots.here():
            try:
                job = self._threads.submit(work, stop.is_set)
            except RuntimeError as error:  # closed while this waited for its turn, or the process ends
                raise CallError("request", "the embedded engine is closed") from error
            self._unfinished[job] = stop
            job.add_done_callback(self._unfinished.pop)
            try:
                async with asyncio.timeout(timeout_s):
                    return await asyncio.wrap_future(job)
            except TimeoutError:
                raise CallError("timeout", f"no reply within {timeout_s:g} s") from None
            finally:
                stop.set()

    def close(self) -> None:
        """Waits for work in flight."""
        self._threads.shutdown()
        self._alive.discard(self)

    @classmethod
    def end_all(cls) -> None:
        """Stop whatever still works and wait for it; no Ctrl-C interrupts this."""
        with contextlib.suppress(ValueError):  # not in the main thread: no Ctrl-C arrives here
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        for workers in [w for w in cls._alive if w._pid == os.getpid()]:
            unfinished = dict(workers._unfinished)
            for stop in unfinished.values():
                stop.set()
            wait(unfinished)


atexit.register(Workers.end_all)
