"""Programs in real processes: what passes, what cannot get out, what ends in bounded time."""

from __future__ import annotations

import json
import platform
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from master_autogen.checks.sandbox import Ran, _read, require, run_tests
from master_autogen.errors import UserError

TESTS = "assert add(1, 2) == 3\nassert add(0, 0) == 0"
HAS_BWRAP = shutil.which("bwrap") is not None
MODES = ["rlimit", pytest.param("bwrap", marks=pytest.mark.skipif(not HAS_BWRAP, reason="bwrap is not installed"))]
both = pytest.mark.parametrize("mode", MODES)
filtered = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64", reason="system calls are filtered on Linux on x86-64"
)


def add(body: str, head: str = "") -> str:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{head}\ndef add(a, b):\n{lines}"


def run(text: str, mode: Any, tests: str = TESTS, **limits: Any) -> Ran:
    return run_tests(text, "", tests, mode, **limits)


@both
@pytest.mark.parametrize(
    ("program", "ran"),
    [
        (add("return a + b"), Ran("passed")),
        (add("return a + b if a else 1"), Ran("tests", "AssertionError", 2)),
        (add("return a / (a - 1)"), Ran("tests", "ZeroDivisionError", 1)),
        (add("return a + b", "import sys\nsys.exit(0)"), Ran("program", "SystemExit")),
        (add("return a + b") + "\nimport unittest\nunittest.main()", Ran("passed")),
        (add("return a - b") + "\nimport sys\nsys.exit(0)", Ran("tests", "AssertionError", 1)),
        (add("return a + b") + "\nprint(add(int(input()), 1))", Ran("passed")),
        (add("return a - b") + "\nprint(add(int(input()), 1))", Ran("tests", "AssertionError", 1)),
        (add("return a + b", "n = input()"), Ran("program", "EOFError", denied=True)),
        (add("import sys\nsys.exit(0)"), Ran("tests", "SystemExit", 1)),
        (add("import os\nos._exit(0)"), Ran("cut short")),
        (add("raise KeyboardInterrupt"), Ran("tests", "KeyboardInterrupt", 1)),
        (add("return input()"), Ran("tests", "EOFError", 1)),
        (add("print('x' * 10**7)\nreturn a + b"), Ran("passed")),
        (add("import numpy\nreturn a + b"), Ran("tests", "ModuleNotFoundError", 1, denied=True)),
        ("```python\ndef add(a, b)\n    return a + b\n```", Ran("unreadable")),
        ("I would add the two.", Ran("no program")),
    ],
)
def test_how_programs_end(mode: Any, program: str, ran: Ran) -> None:
    assert run(program, mode) == ran


GUESS = '{"token": "' + "0" * 32 + '", "held": 2}'
CHEATS = {
    "it prints what a pass looks like": add("print(g, flush=True)\nos._exit(0)", f"import os\ng = {GUESS!r}"),
    "it writes a guess on the channel": add(
        "[w(fd) for fd in range(3, 64)]\nos._exit(0)",
        f"import os\ndef w(fd):\n    try:\n        os.write(fd, {GUESS!r}.encode())\n    except OSError:\n        pass",
    ),
    "it changes what Python offers": add(
        "return 1", "import builtins, os\nbuiltins.AssertionError = int\nos._exit = print"
    ),
    "it ends at exit": add("return 1", "import atexit, os\natexit.register(os._exit, 0)"),
    "its thread ends the process": add(
        "time.sleep(3)\nreturn 3", "import os, threading, time\nthreading.Thread(target=lambda: os._exit(0)).start()"
    ),
    "it takes over the harness": add("return 1", "import __main__\n__main__.main = __main__.print = lambda *a: None"),
    "it closes every channel": add("os.closerange(3, 64)\nreturn a + b", "import os"),
    "it floods the channel": add(
        "[w(fd) for fd in range(3, 64)]",
        "import os\ndef w(fd):\n    try:\n        os.write(fd, b'x' * 10**6)\n    except OSError:\n        pass",
    ),
}


@pytest.mark.parametrize("program", CHEATS.values(), ids=CHEATS.keys())
def test_a_program_that_does_not_pass_its_tests_cannot_seem_to(program: str) -> None:
    assert run(program, "rlimit").why in ("tests", "cut short", "time")


def test_the_end_token_is_of_this_run_and_counts_assertions_that_held() -> None:
    def line(token: str, held: int) -> bytes:
        return json.dumps({"ready": True}).encode() + b"\n" + json.dumps({"token": token, "held": held}).encode()

    assert _read(line("a1", 2), "a1", False) == Ran("passed")
    assert _read(line("a2", 2), "a1", False) == Ran("cut short")
    assert _read(line("a1", 0), "a1", False) == Ran("no tests")
    assert _read(b'{"ready": true}\n[1]', "a1", True) == Ran("time")
    assert _read(b"", "a1", False) == Ran("no sandbox")


def test_tests_that_assert_nothing_or_are_broken_tell_nothing() -> None:
    program = add("return a + b")
    assert run(program, "rlimit", "add(1, 2)") == Ran("no tests")
    assert run(program, "rlimit", "for n in []:\n    assert add(n, 1)") == Ran("no tests")
    assert run(program, "rlimit", "assert add(1, 2 == 3") == Ran("broken tests")
    assert run(program, "rlimit", "\0") == Ran("broken tests")


@both
def test_what_takes_too_long_is_ended(mode: Any) -> None:
    began = time.monotonic()
    assert run(add("import time\ntime.sleep(600)"), mode, wall_s=2.0) == Ran("time")
    stubborn = "import signal\nfor n in (signal.SIGTERM, signal.SIGXCPU):\n    signal.signal(n, signal.SIG_IGN)"
    assert run(add("while True:\n    pass", stubborn), mode, cpu_s=1) == Ran("time")
    assert time.monotonic() - began < 60  # ten minutes of sleep were asked for


@both
def test_memory_is_bounded(mode: Any) -> None:
    assert run(add("held = []\nwhile True:\n    held.append(bytearray(10**7))"), mode) == Ran("tests", "MemoryError", 1)


@filtered
@both
@pytest.mark.parametrize(
    "body",
    [
        "import os\nif os.fork() == 0:\n    os._exit(0)",
        "import subprocess\nsubprocess.run(['true'])",
        "import multiprocessing as m\np = m.Process(target=print)\np.start()",
        "import os\nos.kill(os.getppid(), 9)",
        "import socket\nsocket.socket()",
        "import os\nos.setsid()",
    ],
)
def test_no_processes_no_network_no_signals(mode: Any, body: str) -> None:
    ran = run(add(f"{body}\nreturn a + b"), mode)
    assert (ran.why, ran.error, ran.denied) == ("tests", "PermissionError", True)


@filtered
def test_a_program_that_forks_and_does_not_give_up_starts_nothing() -> None:
    # Children that would end at once: were the filter gone, a real bomb would take the whole machine with it.
    child = "    try:\n        if os.fork() == 0:\n            os._exit(0)\n        made += 1\n    except OSError:\n        pass"
    bomb = f"import os\nmade = 0\nfor _ in range(1000):\n{child}\nreturn made + a + b"
    assert run(add(bomb), "rlimit") == Ran("passed")


@filtered
def test_under_rlimit_nothing_is_written_and_files_stay(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text("as it was")
    for body in (
        f"open({str(kept)!r}, 'w')",
        f"open({str(kept)!r}, 'a').write('x')",
        f"import os\nos.remove({str(kept)!r})",
        f"import os\nos.rename({str(kept)!r}, 'x')",
        f"import os\nos.truncate({str(kept)!r}, 0)",
        "open('new', 'x')",
        "import os\nos.mkdir('new')",
    ):
        ran = run(add(f"{body}\nreturn a + b"), "rlimit")
        assert (ran.why, ran.error, ran.denied) == ("tests", "PermissionError", True), body
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("kept", "as it was")]


@pytest.mark.skipif(not HAS_BWRAP, reason="bwrap is not installed")
def test_under_bwrap_a_program_has_a_folder_of_its_own_and_sees_nothing_else(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    own = "with open('x', 'w') as f:\n    f.write('1')\nimport os\nassert os.listdir('.') == ['x']\nreturn a + b"
    assert run(add(own), "bwrap") == Ran("passed")
    for path in (str(secret), "/etc/passwd", str(Path.home() / ".ssh")):
        assert run(add(f"open({path!r})"), "bwrap") == Ran("tests", "FileNotFoundError", 1)
    written = run(add("open('/usr/x', 'w')"), "bwrap")
    assert (written.error, written.denied) == ("OSError", True)
    assert run(add("with open('x', 'wb') as f:\n    f.write(b'x' * 2**21)"), "bwrap").denied
    others = "import os\nassert len([n for n in os.listdir('/proc') if n.isdigit()]) <= 2\nreturn a + b"
    assert run(add(others), "bwrap") == Ran("passed")


@pytest.mark.skipif(not HAS_BWRAP, reason="bwrap is not installed")
def test_under_bwrap_there_is_no_network_even_without_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        call = f"import socket\nsocket.create_connection(('127.0.0.1', {port}), 1)\nreturn a + b"
        assert run(add(call), "bwrap").error in ("PermissionError", "ConnectionRefusedError")


def test_ordinary_programs_are_let_work() -> None:
    head = (
        "from __future__ import annotations\nimport asyncio, collections, dataclasses, functools, heapq, itertools, "
        "math, random, re, statistics, threading, datetime, decimal, hashlib, json\n"
        "@dataclasses.dataclass\nclass Sum:\n    of: int"
    )
    threaded = "found = []\nt = threading.Thread(target=lambda: found.append(a + b))\nt.start()\nt.join()"
    body = f"async def later():\n    await asyncio.sleep(0.01)\n    return Sum(a + b).of\n{threaded}\nreturn (asyncio.run(later()) + found[0]) // 2"
    assert run(add(body, head), "rlimit") == Ran("passed")


def test_sets_have_the_same_order_each_time() -> None:
    words = "list({'pear', 'plum', 'fig', 'date', 'lime', 'kiwi'})"
    command = [sys.executable, "-c", f"print({words})"]
    order = subprocess.run(command, env={"PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True).stdout
    assert run(add("return a + b"), "rlimit", f"add\nassert {words} == {order}") == Ran("passed")


@both
def test_a_mode_that_works_is_accepted(mode: Any) -> None:
    require(mode)
    require("off")


def test_bwrap_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as caught:
        require("bwrap")
    assert str(caught.value) == (
        "--code-check bwrap: there is no bubblewrap (`bwrap`) on the PATH: install it, as in `apt-get install "
        "bubblewrap`, or take --code-check rlimit"
    )
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(UserError) as caught:
        require("bwrap")
    assert str(caught.value) == (
        "--code-check bwrap: no program can be run so on this machine; take --code-check rlimit"
    )
