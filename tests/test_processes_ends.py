"""Worker processes that cannot be started, what is started in them, and lessons that end before they begin."""

from __future__ import annotations

import asyncio
import errno
import subprocess
import sys
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from master_autogen.engines.company import NONE_EARLIER
from master_autogen.engines.worker import Cancel, Ended, Outbox, Play, Ready, Worker
from master_autogen.errors import UserError
from master_autogen.log import lesson_rows, open_log
from master_autogen.pipeline import run
from tests.test_pipeline import inputs, sums
from tests.test_processes import plans_of


async def test_where_no_process_can_be_started_the_run_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: Any, **__: Any) -> None:
        raise OSError(errno.EAGAIN, "")

    monkeypatch.setattr(asyncio, "create_subprocess_exec", none)
    with pytest.raises(UserError) as caught:
        await asyncio.wait_for(run(inputs(sums(2)), tmp_path / "log.db", engine="processes", workers=2), 20)
    assert str(caught.value) == (
        "a worker process cannot be started: resource temporarily unavailable; give fewer --workers. "
        "The same command goes on with the run"
    )


def starts_a_program() -> None:
    """As a check of the user's own may; `cat` reads its standard input to the end."""
    subprocess.run(["cat"], stdout=subprocess.DEVNULL, check=True, timeout=10)
    assert sys.stdin.read() == ""


async def test_what_is_started_in_a_worker_takes_none_of_its_messages(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    done = await run(inputs(sums(2)), log, engine="processes", workers=1, setup=starts_a_program)
    with closing(open_log(log, readonly=True)) as db:
        assert [row.status for row in lesson_rows(db, done.run_id)] == ["accepted"] * 4


async def test_a_lesson_that_is_cancelled_before_its_first_step_is_told() -> None:
    """And so it is forgotten: the end of the worker waits for nothing and closes all."""

    class Told(Outbox):
        def __init__(self) -> None:
            self.messages: list[Any] = []

        def put(self, message: Any) -> None:
            self.messages.append(message)

        def send(self) -> None:
            self.messages.append("sent")

    class Idle:
        async def close(self) -> None:
            told.messages.append("closed")

    told = Told()
    worker = Worker(Idle(), told, BytesIO())  # type: ignore[arg-type]
    worker._listen = lambda loop: None  # type: ignore[method-assign]
    working = asyncio.create_task(worker.work())
    await asyncio.sleep(0)
    [plan] = plans_of(inputs(sums(1)), 1)
    worker._take(Play(plan, {}, NONE_EARLIER))
    worker._take(Cancel(plan.id))
    while len(told.messages) < 2:
        await asyncio.sleep(0.001)
    worker._end.set()
    await asyncio.wait_for(working, 5)
    assert told.messages == [Ready(), Ended(plan.id, None), "closed", "sent"]
