"""Is a programming answer right: its program is run with the seed's tests, only where the run asked for it.

A failed test's own line may be told, and Python's name of an error; nothing that the program says itself.
"""

from __future__ import annotations

import builtins

from master_autogen.checks.sandbox import CPU_S, Ran, run_tests
from master_autogen.records import CodeCheck, Seed

_UNTOLD = {
    "no program": "no program found that defines what the tests call",
    "no tests": "the seed's tests assert nothing",
    "broken tests": "the seed's tests cannot be read",
    "no sandbox": "no program could be run on this machine",
}
_FAILED = {
    "unreadable": "the program is not valid Python",
    "time": f"the program did not end within {CPU_S} seconds",
    "cut short": "the program ended before its tests did",
}


def judge_code(text: str, seed: Seed, code_check: CodeCheck) -> tuple[bool | None, str]:
    """Whether the program in `text` passes the seed's tests, and why not; None if that could not be told."""
    if code_check == "off":
        return None, "programs are not run (--code-check is off)"
    if seed.answer is None:
        return None, "the seed has no tests"
    ran = run_tests(text, seed.instruction, seed.answer, code_check)
    if ran.why == "passed":
        return True, "passes the tests"
    if ran.why in _UNTOLD:
        return None, _UNTOLD[ran.why]
    if ran.denied:
        return None, f"the program needs what the sandbox does not give ({_known(ran.error)})"
    return False, _FAILED.get(ran.why) or _told(ran, seed.answer)


def _told(ran: Ran, tests: str) -> str:
    if ran.why == "program":
        return f"the program stops with {_known(ran.error)} before its tests"
    lines = tests.splitlines()
    line = lines[ran.line - 1].strip()[:200] if 0 < ran.line <= len(lines) else "its tests"
    return f"fails {line}" if ran.error == "AssertionError" else f"stops with {_known(ran.error)} at {line}"


def _known(error: str) -> str:
    """The name of one of Python's own errors: any other could carry what the program has read."""
    found = getattr(builtins, error, None)
    return error if isinstance(found, type) and issubclass(found, BaseException) else "an error of its own"
