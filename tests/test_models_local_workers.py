"""Threads that stop: no model is loaded here. What happens as the process ends is in test_models_local."""

from __future__ import annotations

import asyncio
import os
import threading

import pytest

from master_autogen.errors import CallError
from master_autogen.models.local_workers import Stopped, Workers


async def test_work_is_told_to_stop_at_its_deadline() -> None:
    workers, ended = Workers(1), threading.Event()

    def endless(stopped: Stopped) -> None:
        while not stopped():
            ended.wait(0.001)
        ended.set()

    with pytest.raises(CallError) as error:
        await workers.run(endless, timeout_s=0.05)
    assert (error.value.kind, str(error.value)) == ("timeout", "no reply within 0.05 s")
    await asyncio.to_thread(workers.close)
    assert ended.is_set()


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
