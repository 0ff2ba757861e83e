"""Whether two mathematical expressions are equal, by math-verify, in a process of its own.

math-verify stops long computations by signals, which work in no thread, and sympy may compute for ever; so one worker
process answers questions line by line, is killed where it answers too late, and started anew at the next one. It is
started at the first question, never at import, and ends with this process: its input closes.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue

TIMEOUT_S = 2.0
"""How long one comparison may take, in seconds."""
START_S = 30.0
"""How long the worker may take to start, once; sympy alone takes over a second on a busy machine."""
LONGEST = 400
"""Characters: a longer expression is not compared."""


class Worker:
    """One process that compares, one question at a time; any thread may ask."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._replies: Queue[str] = Queue()
        self.starts = 0
        """How often a process was started."""

    def equal(self, given: str, expected: str) -> bool | None:
        """Whether the two are equal; None where it cannot be told, or not within the time."""
        if max(len(given), len(expected)) > LONGEST or not given.strip() or not expected.strip():
            return None
        with self._lock:
            if not self._started():
                return None
            reply = self._ask(json.dumps([expected, given]), self._timeout_s)
            return json.loads(reply) if reply is not None else None

    def close(self) -> None:
        with self._lock:
            self._kill()

    def _started(self) -> bool:
        if self._process is not None and self._process.poll() is None:
            return True
        self._kill()
        self._replies = Queue()
        self.starts += 1
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "master_autogen.checks.expressions"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path},
        )
        threading.Thread(target=_read, args=(self._process, self._replies), daemon=True).start()
        return self._reply(START_S) is not None

    def _ask(self, question: str, timeout_s: float) -> str | None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(question + "\n")
            self._process.stdin.flush()
        except OSError:
            self._kill()
            return None
        return self._reply(timeout_s)

    def _reply(self, timeout_s: float) -> str | None:
        """The next line, or None: the process is dead or too slow, and killed in both cases."""
        with suppress(Empty):
            if line := self._replies.get(timeout=timeout_s):
                return line
        self._kill()
        return None

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _read(process: subprocess.Popen[str], replies: Queue[str]) -> None:
    assert process.stdout is not None
    with suppress(ValueError, OSError):  # closed under the reader when the process is killed
        for line in process.stdout:
            replies.put(line)
    replies.put("")


_WORKER = Worker()
atexit.register(_WORKER.close)


def same_expression(given: str, expected: str) -> bool | None:
    """Whether two expressions, sets, intervals or tuples, in LaTeX or typed, are equal; None: cannot be told."""
    return _WORKER.equal(given, expected)
