"""Run a program that a model wrote with the tests that a right one passes, in a process of its own with limits.

`rlimit`: limits on computing time, memory and written bytes, and on Linux on x86-64 a filter of system calls: no other
process, no network, no file opened for writing; files can be read, but nothing read can leave the process.
`bwrap`: bubblewrap besides: Python's own files and an empty folder are all it sees, in namespaces of its own.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

from master_autogen.errors import UserError
from master_autogen.records import CodeCheck

CPU_S = 5
"""Seconds of computing that a program and its tests get."""
WALL_S = 20.0
"""Seconds that they get by the clock: more, for a machine that is busy with other lessons."""
MEMORY = 512 * 2**20
"""Bytes of address space."""
OWN_FILES = 2**20
"""Bytes of a file that a program may write where it has a folder of its own (`bwrap`)."""
_REPLY = 2**14
"""Bytes that are read of what the process reports."""

_HARNESS = Path(__file__).with_name("harness.py")
# The one setting makes the order of sets the same each time, which -I, ignoring all settings, would not allow; the
# flags are the rest of what -I does, no site-packages, no cache.
_ENVIRONMENT = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
_FLAGS = ("-P", "-s", "-S", "-B", "-X", "utf8")


class Ran(NamedTuple):
    """How it ended. `why` is "passed", or what the harness reports ("tests", "program", "no program", …), or "time",
    "cut short" (it ended before its tests did) or "no sandbox" (nothing was run). `line` is one of the tests'."""

    why: str
    error: str = ""
    line: int = 0
    denied: bool = False


def run_tests(
    text: str,
    question: str,
    tests: str,
    mode: Literal["bwrap", "rlimit"],
    *,
    cpu_s: int = CPU_S,
    wall_s: float = WALL_S,
) -> Ran:
    """Run the program in `text` with `tests`; blocks for up to `wall_s` seconds, so call it in a thread."""
    token = secrets.token_hex(16)
    job = {
        "text": text,
        "question": question,
        "tests": tests,
        "cpu_s": cpu_s,
        "memory": MEMORY,
        "own_files": mode == "bwrap",
        "file_size": OWN_FILES if mode == "bwrap" else 0,
        "token_size": len(token),
    }
    payload = json.dumps(job).encode()
    with tempfile.TemporaryDirectory(prefix="master-autogen-") as folder:
        try:
            process = subprocess.Popen(
                _command(mode),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=_ENVIRONMENT,
                start_new_session=True,
                bufsize=0,
            )
        except OSError:
            return Ran("no sandbox")
        try:
            deadline = time.monotonic() + wall_s
            reply = _talk(process, struct.pack(">Q", len(payload)) + payload + token.encode(), deadline)
        finally:
            status = _end(process, deadline)
    return _read(reply, token, status in _OUT_OF_TIME)


_OUT_OF_TIME = (-signal.SIGXCPU, -signal.SIGKILL, 128 + signal.SIGXCPU, 128 + signal.SIGKILL)  # bwrap adds 128


def _command(mode: CodeCheck) -> list[str]:
    python = os.path.realpath(sys.executable)
    if mode != "bwrap":
        return [python, *_FLAGS, str(_HARNESS)]
    seen = ["/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache", "/nix/store", sys.base_prefix]
    binds = [part for path in dict.fromkeys(seen) for part in ("--ro-bind-try", path, path)]
    shut = ["--unshare-all", "--die-with-parent", "--cap-drop", "ALL", "--dev", "/dev", "--proc", "/proc"]
    own = ["--size", str(16 * OWN_FILES), "--tmpfs", "/tmp", "--chdir", "/tmp"]
    harness = ["--ro-bind", str(_HARNESS), "/harness.py", python, *_FLAGS, "/harness.py"]
    return [shutil.which("bwrap") or "bwrap", *shut, *binds, *own, *harness]


def _talk(process: subprocess.Popen[bytes], payload: bytes, deadline: float) -> bytes:
    """What the process reports before the deadline, at most `_REPLY` bytes of it."""
    assert process.stdin is not None
    assert process.stdout is not None
    out, into = process.stdout.fileno(), process.stdin.fileno()
    os.set_blocking(into, False)
    poll, reply = select.poll(), b""
    poll.register(out, select.POLLIN)
    poll.register(into, select.POLLOUT)
    while (left := deadline - time.monotonic()) > 0:
        for fd, _ in poll.poll(left * 1000):
            if fd == into:
                payload = _push(into, payload)
                if not payload:
                    poll.unregister(into)
            elif not (more := os.read(out, _REPLY)) or len(reply := reply + more) > _REPLY:
                return reply
    return reply


def _push(fd: int, payload: bytes) -> bytes:
    """What is still to be written; nothing where nobody reads."""
    try:
        return payload[os.write(fd, payload) :]
    except BlockingIOError:
        return payload
    except BrokenPipeError:
        return b""


def _end(process: subprocess.Popen[bytes], deadline: float) -> int:
    """Its exit status. What runs on a second after its report, or at the deadline, is killed with its children."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(min(1.0, max(0.0, deadline - time.monotonic())))
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    return process.wait()


def _read(reply: bytes, token: str, out_of_time: bool) -> Ran:
    lines = [_line(line) for line in reply.splitlines()]
    last: dict[str, Any] = lines[-1] if lines else {}
    if secrets.compare_digest(str(last.get("token", "")).encode(), token.encode()):
        return Ran("passed") if last.get("held") else Ran("no tests")
    if last.get("why") in ("broken tests", "no tests", "unreadable", "no program"):
        return Ran(last["why"])
    if last.get("why") in ("tests", "program"):
        line = last.get("line")
        error = str(last.get("error"))
        return Ran(last["why"], error, line if isinstance(line, int) else 0, last.get("denied") is True)
    if not any(line.get("ready") for line in lines):
        return Ran("no sandbox")
    return Ran("time" if out_of_time else "cut short")


def _line(line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def require(mode: CodeCheck) -> None:
    """Raise `UserError` where programs cannot be run in this way on this machine."""
    if mode == "off":
        return
    if mode == "bwrap" and shutil.which("bwrap") is None:
        raise UserError(
            "--code-check bwrap: there is no bubblewrap (`bwrap`) on the PATH: install it, as in `apt-get install "
            "bubblewrap`, or take --code-check rlimit"
        )
    if run_tests("def one():\n    return 1", "", "assert one() == 1", mode).why != "passed":
        other = "; take --code-check rlimit" if mode == "bwrap" else "; take --code-check off"
        raise UserError(f"--code-check {mode}: no program can be run so on this machine{other}")
