"""Threads for work that cannot be awaited: it stops at a deadline, with its caller, and before the process ends.

Work is a function of `stopped`, which it asks at every opportunity (between tokens): that it asks is the sign that it
gets on. A busy machine makes work slow; only work that gives no sign at all runs into its deadline. It knows no model.

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


class _Pulse:
    """What work is given as `stopped`."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.signs = 0

    def __call__(self) -> bool:
        self.signs += 1
        return self.stop.is_set()


class Workers:
    """`count` threads for one engine, usable from any event loop of the process that made them."""

    _alive: ClassVar[set[Workers]] = set()  # all that are not closed, for the end of the process

    def __init__(self, count: int) -> None:
        self._pid = os.getpid()
        self._threads = ThreadPoolExecutor(count, thread_name_prefix="embedded")
        self._slots = Slots(count)
        self._unfinished: dict[Future[Any], _Pulse] = {}
        self._alive.add(self)

    async def run(self, work: Callable[[Stopped], T], timeout_s: float, allow: Callable[[], None] = lambda: None) -> T:
        """What `work` returns. CallError where `timeout_s` go by without a sign of it, not counting the time that it
        waits for a thread; and in a forked process, where the engine's threads do not exist and a request would wait
        for ever. `allow` is asked when there is a thread for it, and raises where it may not begin."""
        if os.getpid() != self._pid:
            raise CallError(
                "request",
                f"the embedded engine runs in process {self._pid}, not in its fork {os.getpid()}; "
                "start worker processes by spawn",
            )
        pulse = _Pulse()
        async with self._slots.here(allow):
            try:
                job = self._threads.submit(work, pulse)
            except RuntimeError as error:  # closed while this waited for its turn, or the process ends
                raise CallError("request", "the embedded engine is closed") from error
            self._unfinished[job] = pulse
            job.add_done_callback(self._unfinished.pop)
            reply = asyncio.wrap_future(job)
            try:
                await _awaited(reply, pulse, timeout_s)
                return reply.result()
            finally:
                pulse.stop.set()
                reply.cancel()

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
            for pulse in unfinished.values():
                pulse.stop.set()
            wait(unfinished)


async def _awaited(reply: asyncio.Future[Any], pulse: _Pulse, timeout_s: float) -> None:
    seen = -1
    while not reply.done():
        if pulse.signs == seen:
            raise CallError("timeout", f"no sign of the engine for {timeout_s:g} s")
        seen = pulse.signs
        await asyncio.wait([reply], timeout=timeout_s)


atexit.register(Workers.end_all)
