"""Files that take their place whole or not at all."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from master_autogen.errors import UserError


@contextmanager
def replacing(path: Path, *, empty: bool = True) -> Iterator[BinaryIO]:
    """A file that takes the place of `path` at the end; if anything goes wrong, `path` stays as it was, and where
    `empty` is False also if nothing was written.

    Makes the folders that are missing, and takes them away again where nothing was put there. Raises `UserError` where
    that, or writing, is not possible.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    part = target.with_name(f".export-{os.getpid()}-{zlib.crc32(os.fsencode(target.name)):08x}.part")
    missing = [folder for folder in target.parents if not os.path.exists(folder)]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        file = part.open("wb")
    except OSError as error:
        _remove_empty(missing)
        raise cannot("write", path, error) from error
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            written = file.tell()
        if written or empty:
            os.replace(part, target)
    except OSError as error:
        raise cannot("write", path, error) from error
    finally:
        part.unlink(missing_ok=True)
        _remove_empty(missing)


def _remove_empty(folders: Sequence[Path]) -> None:
    for folder in folders:
        with suppress(OSError):  # it holds something, or never came to be
            folder.rmdir()


def check_writable(to: Path) -> None:
    """Raises `UserError` where no file can be put at `to`; changes nothing."""
    if os.path.isdir(to):  # which, unlike Path's, says False where the system refuses to look
        raise UserError(f"{to} is a folder; name a file in it with --to")
    if os.path.exists(to) and not os.path.isfile(to):
        raise UserError(f"{to} is no plain file; name another with --to")
    above = next(folder for folder in to.parents if os.path.exists(folder))
    if not os.path.isdir(above):
        raise UserError(f"{above} is no folder; name another place with --to")


def cannot(do: str, path: Path, error: OSError) -> UserError:
    return UserError(f"cannot {do} {path}: {error.strerror or error}; name another file with --to")
