"""A user's own checks: functions with a name, from a notebook or from a file that `--checks` names.

    from master_autogen.checks import CheckFinding, CheckInput, register

    @register("mentions_unit", "the answer names its unit")
    def mentions_unit(turn: CheckInput) -> CheckFinding:
        return CheckFinding(passed="euro" in turn.text, detail="say how many euros")

From then on scenario files may name `mentions_unit` among the checks of a phase. `passed` is None where it cannot be
told; only False asks the speaker again. `detail` goes into the log and may be told to the speaker: nothing of the
reference belongs there that the turn does not say itself. A check that raises, or gives anything else than a
`CheckFinding`, has not told: the run goes on and the log says what happened.
"""

from __future__ import annotations

import hashlib
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from master_autogen.checks.finding import CheckFinding, CheckInput
from master_autogen.checks.registry import REGISTRY, SLOW, Check
from master_autogen.errors import UserError
from master_autogen.records import CHECKS

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


class OwnChecks(NamedTuple):
    """A file of checks as it was read: where it is, the SHA-256 of its text, and the names it made known."""

    path: str
    sha256: str
    names: tuple[str, ...]


def register(name: str, meaning: str, *, slow: bool = False) -> Callable[[Check], Check]:
    """Make the decorated function known as the check `name`; it stays the function it is.

    `meaning` says in a few words what a turn has that passes. `slow`: it takes more than some milliseconds, so that
    the classroom runs it in a thread. Raises `UserError` for a name that is taken or malformed. The same function
    registered again, as in a notebook's cell that is run twice, takes its own place.
    """
    if not _NAME.fullmatch(name):
        raise UserError(f"{name!r} is no name for a check: small letters, digits and _, as in mentions_unit")
    if not meaning.strip():
        raise UserError(f"check {name!r} needs a meaning: what a turn has that passes, in a few words")

    def enter(function: Check) -> Check:
        known = REGISTRY.get(name)
        if known is not None and _place(known) != _place(function):
            raise UserError(f"there is a check {name!r} already ({CHECKS[name]}); choose another name")
        if not _takes_one(function):
            raise UserError(f"check {name!r} has to be a plain function of one argument, the CheckInput")
        CHECKS[name] = meaning.strip()
        REGISTRY[name] = _guarded(name, function)
        (SLOW.add if slow else SLOW.discard)(name)
        return function

    return enter


@contextmanager
def own_checks(paths: Sequence[Path]) -> Iterator[tuple[OwnChecks, ...]]:
    """Run these files and have their checks known as long as the context lasts.

    Raises `UserError`, with file and line, for a file that cannot be read or run, or that registers nothing.
    """
    before = (dict(CHECKS), dict(REGISTRY), set(SLOW))
    modules: list[str] = []
    try:
        yield tuple(_load(path, modules) for path in paths)
    finally:
        for kept, known in ((CHECKS, before[0]), (REGISTRY, before[1])):
            for name in [name for name in kept if name not in known]:
                del kept[name]
        SLOW.intersection_update(before[2])
        for module in modules:
            sys.modules.pop(module, None)


def _load(path: Path, modules: list[str]) -> OwnChecks:
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except FileNotFoundError:
        raise UserError(f"--checks: there is no file {path}; it is a Python file of your own") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--checks: cannot read {path}: {error}") from None
    known = set(REGISTRY)
    module = ModuleType(f"own_checks_{len(modules)}_{path.stem}")
    module.__file__ = str(path)
    modules.append(module.__name__)
    sys.modules[module.__name__] = module  # where dataclasses and pydantic look their types up
    try:
        exec(compile(text, str(path), "exec"), module.__dict__)
    except SyntaxError as error:
        raise UserError(f"{error.filename}:{error.lineno}: {type(error).__name__}: {error.msg}") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever a user's file raises, the file is at fault)
        told = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
        raise UserError(f"{path}:{_line(error, path)}: {told}") from None
    names = tuple(name for name in REGISTRY if name not in known)
    if not names:
        raise UserError(f"{path} registers no check; put @register(name, meaning) before a function")
    return OwnChecks(str(path), hashlib.sha256(raw).hexdigest(), names)


def _line(error: BaseException, path: Path) -> int:
    """The last line of the file itself that the error passed through."""
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return lines[-1] if lines else 1


def _guarded(name: str, function: Check) -> Check:
    def look(turn: CheckInput) -> CheckFinding:
        try:
            found = function(turn)
        except Exception as error:  # noqa: BLE001 (a fault in a user's check is no reason to lose a lesson)
            return CheckFinding(passed=None, detail=f"{name}: {type(error).__name__}: {error}")
        if isinstance(found, CheckFinding):
            return found
        return CheckFinding(passed=None, detail=f"{name}: gave {type(found).__name__}, not a CheckFinding")

    look.__module__, look.__qualname__ = _place(function)
    return look


def _place(function: Check) -> tuple[str, str]:
    return function.__module__, function.__qualname__


def _takes_one(function: Check) -> bool:
    if not callable(function) or inspect.iscoroutinefunction(function):
        return False
    try:
        inspect.signature(function).bind(object())
    except TypeError:
        return False
    return True
