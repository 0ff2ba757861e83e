"""A coroutine run to its end by a plain call, in a script as in a notebook, whose own event loop runs already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from master_autogen.engines.loop import loop_factory

T = TypeVar("T")


def run_anywhere(main: Coroutine[Any, Any, T]) -> T:
    """The result of `main`, as `asyncio.run` gives it; where a loop runs already, on another in a thread of its own.

    Ctrl-C, and a notebook's button for it, cancels `main` and comes out as KeyboardInterrupt once `main` has ended.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return _run(main)
    begun: Future[Callable[[], object]] = Future()

    async def cancellable() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        return await main

    with ThreadPoolExecutor(max_workers=1) as thread:
        try:
            return thread.submit(_run, cancellable()).result()
        except KeyboardInterrupt:
            with suppress(RuntimeError):  # the loop is closed: it has just ended
                begun.result()()
            raise  # once the thread has come to its end


def _run(main: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(main)
