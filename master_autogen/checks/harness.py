"""What runs in the process of its own: find the program in a text, give up all rights, run it and then its tests.

Started by `sandbox` as a script, never imported by the tool's process, and with the standard library alone. On stdin
come 8 bytes of length, that many of JSON, and the end token, which stays in the pipe until the last test has passed:
nothing that the program can reach holds it while it runs. On stdout go lines of JSON: `ready`, then the end.

Limits of this: program and tests share one interpreter, so a program written to deceive (an object that equals
everything, a hunt through open files) can. It cannot reach the network, start processes, or write outside its sandbox.
"""

from __future__ import annotations

import ast
import builtins
import ctypes
import errno
import fcntl
import gc
import json
import os
import platform
import re
import resource
import struct
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

_OPENED = r"^([ \t]*)(```|~~~)[`~]*[ \t]*([\w+-]*)[^\n]*\n(.*?)"
_FENCE = re.compile(rf"{_OPENED}(?:^(?:\1)?[ ]{{0,3}}\2|\Z)", re.MULTILINE | re.DOTALL)
"""As Markdown has it: what is indented by four blanks more closes nothing, and may stand in a docstring."""
_LOOSE_FENCE = re.compile(rf"{_OPENED}(?:^[ \t]*\2|\Z)", re.MULTILINE | re.DOTALL)
_BLANK_LINES = re.compile(r"\A(?:[ \t]*\r?\n)+")
_DEFINED = re.compile(r"^(?:(?:async[ ]+)?def|class)[ ]+(\w+)|^(\w+)[ ]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign)
_DENIED = (errno.EPERM, errno.EACCES, errno.EROFS, errno.EFBIG, errno.ENOSYS)
_UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)


class Unreadable(Exception):
    """The block that defines what the tests call is no Python."""


def asked_for(tests: ast.Module) -> set[str]:
    """The names that the tests use and neither they nor Python define: what a program has to bring."""
    used: set[str] = set()
    own = set(dir(builtins))
    for node in ast.walk(tests):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else own).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            own.add(node.name)
        elif isinstance(node, ast.arg):
            own.add(node.arg)
        elif isinstance(node, ast.alias):
            own.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            own.add(node.name)
    return used - own


def program_in(text: str, question: str, wanted: set[str]) -> ast.Module | None:
    """The program of `text` that brings the `wanted` names; None if there is none.

    It is the last block that defines one of them with the definitions of the blocks before it (or all of the text, or
    the question's head with the text as its body), and what the question itself gives: its imports, and helpers that
    the block leaves out. Raises `Unreadable`.
    """
    try:
        return _program_of(_blocks(text), text, question, wanted)
    except Unreadable:
        return _program_of(_blocks(text, _LOOSE_FENCE), text, question, wanted)


def _program_of(blocks: list[str], text: str, question: str, wanted: set[str]) -> ast.Module | None:
    given = _parsed("\n\n".join(_blocks(question)))
    if blocks == [text]:  # nothing is fenced: it is a program, or the body of one, or prose
        code = _BLANK_LINES.sub("", text)
        whole = f"{question}\n{code}" if code[:1] in (" ", "\t") else code
        blocks = [whole] if _parsed(whole) else []
    at = max((i for i, block in enumerate(blocks) if not wanted or wanted & _names(block)), default=None)
    if at is None:
        return None
    tree = _parsed(blocks[at])
    if tree is None:
        raise Unreadable
    before = [known for block in blocks[:at] if (known := _parsed(block)) and _only_defines(known)]
    body = [statement for part in [*before, tree] for statement in part.body]
    missing = wanted - {name for block in blocks[: at + 1] for name in _names(block)}
    lent = [node for node in (given.body if given else ()) if _lends(node, missing)]
    if missing - {getattr(node, "name", "") for node in lent}:
        return None
    body = sorted([*lent, *body], key=lambda node: getattr(node, "module", None) != "__future__")  # they come first
    return ast.Module(body=body, type_ignores=[])


def _blocks(text: str, fence: re.Pattern[str] = _FENCE) -> list[str]:
    """The fenced blocks that are Python or do not say what they are; the whole text if nothing is fenced."""
    fenced = fence.findall(text)
    python = [
        textwrap.dedent(code) for _, _, language, code in fenced if language.lower() in ("", "python", "python3", "py")
    ]
    return python if fenced else [text]


def _names(block: str) -> set[str]:
    return {name or other for name, other in _DEFINED.findall(block)}


def _parsed(block: str) -> ast.Module | None:
    try:
        return ast.parse(block)
    except _UNREADABLE:
        return None


def _only_defines(tree: ast.Module) -> bool:
    return all(isinstance(statement, _DEFINITIONS) for statement in tree.body)


def _lends(node: ast.stmt, missing: set[str]) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom) or getattr(node, "name", None) in missing


class _Counted(ast.NodeTransformer):
    """Each assertion says that it held, after it did."""

    def visit_Assert(self, node: ast.Assert) -> list[ast.stmt]:
        call = ast.Expr(ast.Call(ast.Name("__held__", ast.Load()), [ast.Constant(1)], []))
        return [node, ast.copy_location(call, node)]


# What a program may ask of the kernel (x86-64 numbers of Linux), beside opening files and starting threads: reading,
# memory, time, waiting, and talking to itself by pipes and pairs of sockets, which asyncio needs.
_CALLS = (
    *(0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 24, 25, 28, 32, 33, 34, 35, 36),
    *(38, 39, 44, 45, 48, 53, 60, 63, 72, 79, 89, 96, 97, 98, 99, 100, 102, 104, 107, 108, 110, 111, 131, 137, 138),
    *(143, 186, 202, 204, 217, 218, 221, 228, 229, 230, 231, 232, 233, 262, 267, 269, 270, 271, 273, 281, 290, 291),
    *(292, 293, 318, 332, 334, 439),
)
# With a private file system: open for writing, truncate, sync, change folder, make, rename, remove, change rights.
_FILES = (2, 257, 18, 40, 74, 76, 77, 80, 81, 82, 83, 84, 87, 90, 91, 258, 263, 264, 268, 280, 285, 316, 326)
_OPEN, _OPENAT, _CLONE, _CLONE3 = 2, 257, 56, 435
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_CLONE_THREAD = 0x00010000
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_AUDIT_ARCH_X86_64 = 0xC000003E


def shut_in(*, own_files: bool) -> bool:
    """Refuse this process all system calls but the harmless ones, for good; False where that is not known how."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return False
    load, equal, any_bit, give = 0x20, 0x15, 0x45, 0x06  # BPF: LD ABS word, JEQ, JSET, RET

    def when(number: int, what: int) -> Iterator[tuple[int, int, int, int]]:
        yield (equal, 0, 1, number)
        yield (give, 0, 0, what)

    def by_argument(number: int, argument: int, bits: int, if_set: int, if_not: int) -> Iterator[tuple[int, ...]]:
        yield from ((equal, 0, 4, number), (load, 0, 0, 16 + 8 * argument), (any_bit, 0, 1, bits))
        yield from ((give, 0, 0, if_set), (give, 0, 0, if_not))

    rules = [(load, 0, 0, 4), (equal, 1, 0, _AUDIT_ARCH_X86_64), (give, 0, 0, _KILL), (load, 0, 0, 0)]
    for number in (*_CALLS, *(_FILES if own_files else ())):
        rules += when(number, _ALLOW)
    rules += when(_CLONE3, _ERRNO | errno.ENOSYS)  # the C library then takes clone, whose flags can be read here
    rules += by_argument(_CLONE, 0, _CLONE_THREAD, _ALLOW, _ERRNO | errno.EPERM)  # type: ignore[arg-type]
    rules += by_argument(_OPENAT, 2, _WRITING, _ERRNO | errno.EACCES, _ALLOW)  # type: ignore[arg-type]
    rules += by_argument(_OPEN, 1, _WRITING, _ERRNO | errno.EACCES, _ALLOW)  # type: ignore[arg-type]
    rules.append((give, 0, 0, _ERRNO | errno.EPERM))
    code = b"".join(struct.pack("=HBBI", *rule) for rule in rules)
    held = ctypes.create_string_buffer(code, len(code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(rules), ctypes.addressof(held)))
    prctl = ctypes.CDLL(None).prctl
    return bool(prctl(38, 1, 0, 0, 0) == 0 and prctl(22, 2, ctypes.byref(program), 0, 0) == 0)


def limit(cpu_s: int, memory: int, file_size: int) -> None:
    for what, most in (
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(what, (most, most))


def _failure(error: BaseException) -> dict[str, object]:
    """What may be told of an error: its type, the last line of the tests that it passed, and whether the sandbox made
    it."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        line = trace.tb_lineno if trace.tb_frame.f_code.co_filename == "tests" else line
        trace = trace.tb_next
    denied = isinstance(error, ModuleNotFoundError) or (isinstance(error, OSError) and error.errno in _DENIED)
    return {"error": type(error).__name__, "line": line, "denied": denied}


def main() -> None:
    fd_in, fd_out = fcntl.fcntl(0, fcntl.F_DUPFD, 40), fcntl.fcntl(1, fcntl.F_DUPFD, 40)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nowhere, fd)
    read, write, leave, dumps = os.read, os.write, os._exit, json.dumps

    def take(size: int) -> bytes:
        found = b""
        while len(found) < size and (more := read(fd_in, size - len(found))):
            found += more
        return found

    def tell(**what: object) -> None:
        write(fd_out, dumps(what).encode() + b"\n")

    def end(**what: object) -> NoReturn:
        tell(**what)
        leave(0)

    job = json.loads(take(int.from_bytes(take(8), "big")))
    try:
        tests = ast.parse(job["tests"], "tests")
    except _UNREADABLE:
        end(why="broken tests")
    if not any(isinstance(node, ast.Assert) for node in ast.walk(tests)):
        end(why="no tests")
    wanted = asked_for(tests)
    try:
        program = program_in(job["text"], job["question"], wanted)
    except Unreadable:
        end(why="unreadable")
    if program is None:
        end(why="no program")
    try:
        code = compile(program, "program", "exec", dont_inherit=True)
    except _UNREADABLE:
        end(why="unreadable")
    checked = compile(ast.fix_missing_locations(_Counted().visit(tests)), "tests", "exec", dont_inherit=True)
    _run(code, checked, wanted, job, take, tell, end)


def _run(
    code: types.CodeType,
    checked: types.CodeType,
    wanted: set[str],
    job: dict[str, Any],
    take: Callable[[int], bytes],
    tell: Callable[..., None],
    end: Callable[..., NoReturn],
) -> None:
    held: list[int] = []
    failure, named = _failure, dict(vars(builtins))
    module = types.ModuleType("program")
    main_module = sys.modules.pop("__main__")  # kept alive here, out of the program's sight
    sys.modules["program"] = sys.modules["__main__"] = module
    limit(job["cpu_s"], job["memory"], job["file_size"])
    if not shut_in(own_files=job["own_files"]):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    gc.freeze()
    tell(ready=True)
    try:
        exec(code, module.__dict__)
    except (SystemExit, EOFError) as error:
        # After `unittest.main()`, or before an input that nobody types, all may be there that the tests call.
        if not wanted or not wanted <= module.__dict__.keys():
            end(why="program", **{**failure(error), "denied": isinstance(error, EOFError)})
    except BaseException as error:  # noqa: BLE001 - whatever the program raises, SystemExit too
        end(why="program", **failure(error))
    vars(builtins).update(named)
    try:
        exec(checked, {**module.__dict__, "__held__": held.append})
    except BaseException as error:  # noqa: BLE001 - as above
        end(why="tests", **failure(error))
    end(token=take(job["token_size"]).decode(), held=len(held), module=main_module is not module)


if __name__ == "__main__":
    main()
