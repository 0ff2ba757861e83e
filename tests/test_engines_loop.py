"""What Ctrl-C does to a run: once, twice, and to one that does not stop. The processes are real ones."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from typing import NoReturn

import pytest

from master_autogen.engines import loop
from master_autogen.engines.loop import run_to_end

SCRIPT = """
import asyncio, os, signal, sys
from master_autogen.engines import loop

def leave():
    os.write(1, b"left ")
    os._exit(130)

async def stubborn():
    try:
        os.write(1, b"begun ")
        {first}
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        os.write(1, b"cancelled ")
        {second}
        await asyncio.sleep(60)

loop.STOP_S = {stop_s}
loop.run_to_end(stubborn(), leave=leave)
"""
CTRL_C = "os.kill(os.getpid(), signal.SIGINT)"
TERM = "os.kill(os.getpid(), signal.SIGTERM)"


def unused() -> NoReturn:
    raise AssertionError


def ended(first: str, second: str, stop_s: float, before: str = "") -> tuple[str, int]:
    script = before + SCRIPT.format(first=first, second=second, stop_s=stop_s)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr == ""
    return done.stdout, done.returncode


@pytest.mark.parametrize(
    ("first", "second", "stop_s"),
    [(CTRL_C, CTRL_C, 60), (TERM, CTRL_C, 60), (CTRL_C, "pass", 0.1)],
    ids=["Ctrl-C twice", "SIGTERM, then Ctrl-C", "Ctrl-C once, and it does not stop in time"],
)
def test_who_does_not_stop_is_left(first: str, second: str, stop_s: float) -> None:
    assert ended(first, second, stop_s) == ("begun cancelled left ", 130)


def test_a_loop_that_is_busy_is_left_too() -> None:
    assert ended(f"{CTRL_C}; import time; time.sleep(60)", "pass", 0.1) == ("begun left ", 130)


def test_a_signal_that_is_to_be_ignored_is() -> None:
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    assert ended(f"{CTRL_C}; {TERM}", CTRL_C + "; return", 60, ignoring) == ("begun cancelled ", 0)


def test_one_signal_is_a_keyboard_interrupt_when_all_is_put_away() -> None:
    put_away = []

    async def main() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            put_away.append(True)

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        run_to_end(main(), leave=unused)
    assert put_away == [True]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert all(thread.finished.is_set() for thread in threading.enumerate() if isinstance(thread, threading.Timer))


def test_another_cancellation_is_none() -> None:
    async def main() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        run_to_end(main(), leave=unused)


def test_the_result_comes_out_in_any_thread() -> None:
    async def main() -> str:
        return "done"

    found = []
    thread = threading.Thread(target=lambda: found.append(run_to_end(main(), leave=unused)))
    thread.start()
    thread.join()
    assert found == [run_to_end(main(), leave=unused)] == ["done"]


def test_a_stop_takes_less_than_the_five_seconds_promised() -> None:
    assert loop.STOP_S < 5
