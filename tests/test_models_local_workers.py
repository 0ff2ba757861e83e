"""Threads that stop: no model is loaded here. What happens as the process ends is in test_models_local."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from master_autogen.errors import CallError
from master_autogen.models.local_workers import Stopped, Workers


async def test_work_that_gives_no_sign_is_told_to_stop() -> None:
    workers, deadline, told = Workers(1), threading.Event(), []

    def silent(stopped: Stopped) -> None:
        stopped()
        deadline.wait(10)
        told.append(stopped())

    with pytest.raises(CallError) as error:
        await workers.run(silent, timeout_s=0.05)
    assert (error.value.kind, str(error.value)) == ("timeout", "no sign of the engine for 0.05 s")
    deadline.set()
    await asyncio.to_thread(workers.close)
    assert told == [True]


async def test_work_that_gets_on_may_take_longer_than_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three times the deadline passes, and each time the work has given a sign since the last one."""
    workers, goes, came = Workers(1), threading.Semaphore(0), threading.Semaphore(0)
    passed = []

    def slow(stopped: Stopped) -> str:
        for _ in range(3):
            goes.acquire(timeout=10)
            stopped()
            came.release()
        goes.acquire(timeout=10)
        return "late"

    wait = asyncio.wait

    async def deadline(replies: list[asyncio.Future[str]], timeout: float) -> None:
        passed.append(timeout)
        goes.release()
        if len(passed) <= 3:
            await asyncio.to_thread(came.acquire, timeout=10)
        else:
            await wait(replies)

    monkeypatch.setattr(asyncio, "wait", deadline)
    assert await workers.run(slow, timeout_s=60) == "late"
    assert passed == [60] * 4
    workers.close()


async def test_waiting_for_a_thread_does_not_count_towards_the_deadline() -> None:
    workers, gate = Workers(1), threading.Event()
    first = asyncio.create_task(workers.run(lambda stopped: gate.wait(10), timeout_s=10))
    second = asyncio.create_task(workers.run(lambda stopped: "second", timeout_s=0.05))
    await asyncio.sleep(0.2)
    gate.set()
    assert await first is True
    assert await second == "second"
    workers.close()


async def test_a_fork_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    workers = Workers(1)
    workers.close()
    workers._pid = 11
    monkeypatch.setattr(os, "getpid", lambda: 12)
    with pytest.raises(CallError) as error:
        await workers.run(lambda stopped: None, timeout_s=1)
    assert (error.value.kind, str(error.value)) == (
        "request",
        "the embedded engine runs in process 11, not in its fork 12; start worker processes by spawn",
    )


async def test_closed_workers_refuse() -> None:
    workers = Workers(1)
    workers.close()
    with pytest.raises(CallError, match=r"^the embedded engine is closed$"):
        await workers.run(lambda stopped: None, timeout_s=1)
