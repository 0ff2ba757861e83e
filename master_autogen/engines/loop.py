"""The event loop that a run's own process plays on (uvloop's where it is installed, as it costs a tenth less), and what
Ctrl-C does to it."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")

STOP_S = 4.0
"""How long a stop may take, in seconds: five are promised, and the process has to end after it."""


def run_to_end(main: Coroutine[Any, Any, T], *, leave: Callable[[], None]) -> T:
    """As `asyncio.run`: the result of `main`. Ctrl-C or SIGTERM cancels it, and it comes out as KeyboardInterrupt.

    Once more, or where that takes longer than `STOP_S`, `leave` is called, from any thread and at any moment; it has to
    end the process at once.
    """
    stop = _Stop(leave)
    with stop.listening(), asyncio.Runner(loop_factory=loop_factory()) as runner:
        try:
            return runner.run(stop.watched(main))
        except asyncio.CancelledError:
            if stop.asked:
                raise KeyboardInterrupt from None
            raise


class _Stop:
    """What the signals do: cancel once, then leave."""

    def __init__(self, leave: Callable[[], None]) -> None:
        self.asked = False
        self._cancel: Callable[[], object] | None = None
        self._overtime = threading.Timer(STOP_S, leave)
        self._overtime.daemon = True
        self._leave = leave

    async def watched(self, main: Coroutine[Any, Any, T]) -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if self.asked:
            self._cancel()
        try:
            return await main
        finally:
            self._cancel = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While a signal is handled here; one that the process was started to ignore (nohup) stays ignored."""
        before = {}
        if threading.current_thread() is threading.main_thread():  # no other one may listen
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    before[number] = signal.signal(number, self._heard)
        try:
            yield
        finally:
            self._overtime.cancel()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _heard(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            self._leave()
            return
        self.asked = True
        self._overtime.start()
        if self._cancel is not None:
            self._cancel()


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes uvloop's event loop; None, for asyncio's own, where it is not installed."""
    try:
        import uvloop
    except ImportError:  # it is not made for Windows
        return None
    return uvloop.new_event_loop
