"""Coroutines run to their end, with and without a loop around the caller."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest

from master_autogen.engines.anywhere import run_anywhere


async def where() -> tuple[str, int]:
    await asyncio.sleep(0)
    return "done", threading.get_ident()


def test_without_a_loop_it_runs_here() -> None:
    assert run_anywhere(where()) == ("done", threading.get_ident())


async def test_within_a_loop_it_runs_in_another_thread() -> None:
    told, thread = run_anywhere(where())
    assert told == "done"
    assert thread != threading.get_ident()


async def test_an_error_comes_out_as_it_is() -> None:
    async def failing() -> None:
        raise LookupError("not there")

    with pytest.raises(LookupError, match="not there"):
        run_anywhere(failing())


def test_an_interrupt_cancels_it_and_waits_for_its_end() -> None:
    told: list[str] = []

    async def long() -> None:
        try:
            await asyncio.sleep(0.05)  # the caller waits for the end by now
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            await asyncio.sleep(0.01)
            told.append("put away")
            raise

    async def caller() -> None:
        run_anywhere(long())

    loop = asyncio.new_event_loop()  # asyncio.run would take the interrupt for itself, as notebooks do not
    try:
        with pytest.raises(KeyboardInterrupt):
            loop.run_until_complete(caller())
    finally:
        loop.close()
    assert told == ["put away"]
