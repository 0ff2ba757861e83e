"""One writer per log: an advisory lock on `FILE.lock`, which the system frees when the process ends, however it ends.

Beside the log and not on it: closing any handle of a database file would drop the locks SQLite itself holds there.
A forked child keeps the lock while it lives, so worker processes are to be spawned. Where `fcntl` is missing
(Windows) only SQLite's own locks keep two writers apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

from master_autogen.errors import UserError

try:
    import fcntl
except ImportError:  # Windows
    _HAVE_FCNTL = False
else:
    _HAVE_FCNTL = True


class WriterLock:
    """Held from the start until `release`; UserError where another writer holds it."""

    def __init__(self, path: Path) -> None:
        lock_path = path.with_name(path.name + ".lock")
        try:
            self._file: IO[str] = lock_path.open("a")
        except OSError as error:
            raise UserError(
                f"cannot write the log {path}: cannot open {lock_path.name} beside it "
                f"({error.strerror}); name another file with --log"
            ) from error
        if _HAVE_FCNTL:
            self._take(path)

    def _take(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise UserError(
                f"another run is writing the log {path}; wait until it ends, or name another file with --log"
            ) from error
        except OSError as error:
            self._file.close()
            raise UserError(
                f"cannot lock the log {path} ({error.strerror}); name a file on a local disk with --log"
            ) from error

    def release(self) -> None:
        self._file.close()
