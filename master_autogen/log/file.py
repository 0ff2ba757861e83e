"""The log as a file: found, known for ours, brought to the newest schema, opened.

What is not a log is refused before a byte of it changes.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from master_autogen.errors import UserError
from master_autogen.log.lock import WriterLock
from master_autogen.log.migrations import APPLICATION_ID, MIGRATIONS

_BUSY_TIMEOUT_S = 30.0


def open_log(path: str | Path, *, create: bool = False, readonly: bool = False) -> Database:
    """The log at `path`, migrated; with `create`, made where there is none, folders too. For the opening thread alone.

    UserError where there is no log, the file is not a log or a newer version's, or it cannot be read or migrated.
    """
    path = Path(path)
    if create:
        make_folder(path)
    elif not path.exists():
        raise _no_log(path)
    readonly = readonly or (path.exists() and not _writable(path))
    db = _connect(path, readonly=readonly)
    try:
        state = _state(db, path)
        if state == "empty" and not create:
            raise _no_log(path)
        if state != "current":
            _migrate_alone(db, path, readonly)
    except BaseException:
        db.close()
        raise
    return db


def open_for_writer(path: Path) -> Database:
    """The log for the one writer, who holds its lock already; usable from any thread, one at a time."""
    if path.exists() and not _writable(path):
        raise UserError(f"cannot write the log {path}: the file is read-only; name another file with --log")
    if not _writable(path.parent):
        raise UserError(
            f"cannot write the log {path}: its folder is read-only, and SQLite keeps files beside it; "
            "name another file with --log"
        )
    db = _connect(path, any_thread=True)
    try:
        _state(db, path)
        _migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


def make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot make the folder {path.parent} for the log ({error.strerror}); name another file with --log"
        ) from error


def log_path(db: Database) -> str:
    """The file behind an open log, for messages."""
    return str(db.execute("PRAGMA database_list").fetchone()[2])


def _no_log(path: Path) -> UserError:
    return UserError(f"no log at {path}; run `master-autogen run` first, or name one with --log")


def _writable(path: Path) -> bool:
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _connect(path: Path, *, readonly: bool = False, any_thread: bool = False) -> Database:
    mode = "ro" if readonly else "rwc"
    if not _writable(path.parent) and not path.with_name(path.name + "-wal").exists():
        mode = "ro&immutable=1"  # SQLite would make its -wal and -shm files there, even to read
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        connection = sqlite3.connect(
            uri, uri=True, timeout=_BUSY_TIMEOUT_S, check_same_thread=not any_thread, cached_statements=512
        )
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error
    db = Database(connection, execute_plugins=False)
    db.execute("PRAGMA foreign_keys = ON")
    return db


def _state(db: Database, path: Path) -> Literal["empty", "old", "current"]:
    """What the schema is; UserError where it is another program's, or a newer version's."""
    try:
        tables = int(db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0])
        application_id = db.execute("PRAGMA application_id").fetchone()[0]
        if not tables and application_id in (0, APPLICATION_ID):
            return "empty"
        if application_id != APPLICATION_ID:
            raise UserError(f"{path} is a database of another program; name another file with --log")
        with Database(memory=True) as blank:
            known = {migration.name for migration in MIGRATIONS.pending(blank)}
        unknown = [applied.name for applied in MIGRATIONS.applied(db) if applied.name not in known]
        pending = MIGRATIONS.pending(db)
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from error
    if unknown:
        raise UserError(
            f"{path} was written by a newer master-autogen (its schema has {', '.join(unknown)}); "
            "upgrade this one, or name another file with --log"
        )
    return "old" if pending else "current"


def _unreadable(path: Path, error: sqlite3.Error) -> UserError:
    if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
        return UserError(f"{path} is not a log: it is no SQLite database; name another file with --log")
    return UserError(f"cannot read the log {path}: {error}; name another file with --log")


def _migrate_alone(db: Database, path: Path, readonly: bool) -> None:
    """Migrate while no writer is at work: one of an older version would fall over the new schema."""
    if readonly:
        raise UserError(f"{path} is a log of an older version and read-only here; make it writable, or copy it")
    lock = WriterLock(path.resolve())
    try:
        _migrate(db, path)
    finally:
        lock.release()


def _migrate(db: Database, path: Path) -> None:
    try:
        if db.journal_mode != "wal":
            db.enable_wal()
        db.execute("PRAGMA synchronous = NORMAL")  # in WAL a crash of the machine may lose the last commits, never more
        if MIGRATIONS.pending(db):
            with db.atomic():  # all of it or nothing: a half-made log would look like another program's
                MIGRATIONS.apply(db)
    except sqlite3.Error as error:
        raise UserError(f"cannot write the log {path}: {error}; name another file with --log") from error
