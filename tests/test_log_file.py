"""The log as a file: its schema, and what is refused."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database

from master_autogen.errors import UserError
from master_autogen.log import LogWriter, list_runs, open_log, search
from master_autogen.log.migrations import APPLICATION_ID, MIGRATIONS
from tests.test_log_rows import RUN, lesson, planned_log

# What other tools rely on: the tables of the design, and `texts`.
PROMISED = {
    "runs": "id started ended status config versions random_seed",
    "seeds": "id instruction response answer kind source licence",
    "lessons": "id run_id round seed_id scenario task_type status reason selected_episode_id",
    "episodes": "id lesson_id run_id pair_instruction pair_response cast is_base origin probability status reason",
    "turns": "episode_id idx phase role agent text side train made_by attempts truncated",
    "calls": "id run_id lesson_id episode_id seq purpose phase agent model request_key request status http_status error "
    "text finish_reason prompt_tokens completion_tokens tokens_estimated cost latency_s started",
    "checks": "episode_id turn_idx name passed detail",
    "grades": "episode_id evaluator ifd_small ifd_large pi_dual verdict_ab verdict_ba pi_llm pi basis missing_reason detail",
    "selections": "run_id round scenario task_type pair_instruction pair_response probability pulls reward_sum rule",
    "memory_bank": "lesson_id instruction vector pair_instruction pair_response pi",
    "texts": "hash text",
}


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's right to write anything, where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return planned_log(tmp_path / "log.db")


def let_in(folder: Path) -> None:
    """Let any user reach a folder among the temporary ones."""
    for part in (folder, *folder.parents):
        if part == Path(tempfile.gettempdir()):
            break
        if part.owner() == folder.owner():
            part.chmod(0o755)


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that any user can reach."""
    let_in(tmp_path)
    yield tmp_path
    tmp_path.chmod(0o755)


@pytest.mark.parametrize("table", PROMISED)
def test_the_schema_is_what_the_design_lists(path: Path, table: str) -> None:
    columns = [column.name for column in open_log(path)[table].columns]
    assert [name for name in PROMISED[table].split() if name not in columns] == []


def test_the_keys_are_natural(path: Path) -> None:
    db = open_log(path)
    assert db.table("checks").pks == ["episode_id", "turn_idx", "attempt", "name", "seq"]
    assert db.table("grades").pks == ["episode_id", "evaluator"]
    assert db.table("selections").pks == PROMISED["selections"].split()[:6]
    unique = [index.columns for index in db.table("turns").indexes if index.unique]
    assert unique == [["episode_id", "idx"]]


def test_a_blank_file_becomes_a_log_in_wal_mode_with_our_id(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "log.db"
    db = open_log(path, create=True)
    assert db.journal_mode == "wal"
    assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,) == (0x4D414731,)
    assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert list_runs(db) == []


def test_migrating_again_changes_nothing(path: Path) -> None:
    before = open_log(path).schema
    db = open_log(path, create=True)
    assert MIGRATIONS.pending(db) == []
    MIGRATIONS.apply(db)
    assert db.schema == before


def test_the_oldest_schema_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = Database(path)
    MIGRATIONS.apply(old, stop_before="m002_turns_fts")
    assert "turns_fts" not in old.table_names()
    old.close()
    planned_log(path)
    with LogWriter(path) as log:
        log.finish_lesson(lesson())
    assert [hit.episode_id for hit in search(open_log(path), "four")][:1] == ["run1-1-1-e0"]


def test_episodes_from_before_have_no_label(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = Database(path)
    MIGRATIONS.apply(old, stop_before="m004_label_of_episodes")
    assert "label" not in old["episodes"].columns_dict
    old.close()
    planned_log(path)
    assert [tuple(found) for found in open_log(path).execute("SELECT DISTINCT label FROM episodes")] == [(None,)]


def test_an_old_log_that_is_read_only_is_named(open_folder: Path) -> None:
    path = open_folder / "old.db"
    MIGRATIONS.apply(Database(path), stop_before="m002_turns_fts")
    with pytest.raises(UserError) as refusal:
        open_log(path, readonly=True)
    assert str(refusal.value) == f"{path} is a log of an older version and read-only here; make it writable, or copy it"


def test_no_log(tmp_path: Path) -> None:
    path = tmp_path / "none" / "log.db"
    with pytest.raises(UserError) as refusal:
        open_log(path)
    assert str(refusal.value) == f"no log at {path}; run `master-autogen run` first, or name one with --log"
    assert not path.parent.exists()


def test_an_empty_file_is_no_log_to_read_and_may_become_one(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    path.touch()
    with pytest.raises(UserError, match=r"^no log at .*log\.db; run `master-autogen run` first"):
        open_log(path)
    assert path.stat().st_size == 0
    planned_log(path)
    assert [run.id for run in list_runs(open_log(path))] == ["run1"]


@pytest.mark.parametrize("application_id", [0, 1234])
def test_another_programs_database_is_refused_untouched(tmp_path: Path, application_id: int) -> None:
    path = tmp_path / "notes.db"
    with closing(sqlite3.connect(path)) as other:
        other.executescript(f"PRAGMA application_id = {application_id}; CREATE TABLE notes (text); VACUUM;")
    before = path.read_bytes()
    for opening in (open_log, LogWriter):
        with pytest.raises(UserError) as refusal:
            opening(path)
        assert str(refusal.value) == f"{path} is a database of another program; name another file with --log"
    assert path.read_bytes() == before


def test_what_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    path.write_text('{"instruction": "What is 1 + 1?"}\n' * 100)
    before = path.read_bytes()
    for opening in (open_log, LogWriter):
        with pytest.raises(UserError) as refusal:
            opening(path)
        assert str(refusal.value) == f"{path} is not a log: it is no SQLite database; name another file with --log"
    assert path.read_bytes() == before


def test_a_folder_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refusal:
        open_log(tmp_path)
    assert str(refusal.value) == (
        f"cannot read the log {tmp_path}: unable to open database file; name another file with --log"
    )


def test_a_newer_versions_log_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as newer, newer:
        newer.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('master_autogen', 'm999_x', '')"
        )
    for opening in (open_log, LogWriter):
        with pytest.raises(UserError) as refusal:
            opening(path)
        assert str(refusal.value) == (
            f"{path} was written by a newer master-autogen (its schema has m999_x); "
            "upgrade this one, or name another file with --log"
        )


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "log.db"
    with pytest.raises(UserError) as refusal:
        LogWriter(path)
    assert str(refusal.value) == (
        f"cannot make the folder {path.parent} for the log (File exists); name another file with --log"
    )


def test_a_read_only_log_is_read_and_not_written(open_folder: Path) -> None:
    path = planned_log(open_folder / "log.db")
    path.chmod(0o444)
    (open_folder / "log.db.lock").chmod(0o666)
    with as_nobody():
        assert [run.id for run in list_runs(open_log(path))] == ["run1"]
        with pytest.raises(UserError) as refusal:
            LogWriter(path)
    assert str(refusal.value) == f"cannot write the log {path}: the file is read-only; name another file with --log"


def test_a_log_in_a_read_only_folder_is_read(open_folder: Path) -> None:
    path = planned_log(open_folder / "log.db")
    open_folder.chmod(0o555)
    with as_nobody():
        assert [run.id for run in list_runs(open_log(path, readonly=True))] == ["run1"]


def test_a_folder_without_permission_is_named(open_folder: Path) -> None:
    path = open_folder / "log.db"
    open_folder.chmod(0o555)
    with as_nobody(), pytest.raises(UserError) as refusal:
        LogWriter(path)
    assert str(refusal.value) == (
        f"cannot write the log {path}: cannot open log.db.lock beside it (Permission denied); "
        "name another file with --log"
    )


def test_a_log_in_a_folder_that_became_read_only_is_not_written(open_folder: Path) -> None:
    path = planned_log(open_folder / "log.db")
    path.chmod(0o666)
    (open_folder / "log.db.lock").chmod(0o666)
    open_folder.chmod(0o555)
    with as_nobody(), pytest.raises(UserError) as refusal:
        LogWriter(path)
    assert str(refusal.value) == (
        f"cannot write the log {path}: its folder is read-only, and SQLite keeps files beside it; "
        "name another file with --log"
    )


def test_a_reader_told_so_writes_nothing(path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        open_log(path, readonly=True).execute("DELETE FROM selections")


def test_a_second_writer_is_refused_and_may_come_afterwards(path: Path) -> None:
    with LogWriter(path):
        with pytest.raises(UserError) as refusal:
            LogWriter(path)
        assert str(refusal.value) == (
            f"another run is writing the log {path}; wait until it ends, or name another file with --log"
        )
    LogWriter(path).close()


def test_two_names_of_one_log_are_one_log(path: Path) -> None:
    (path.parent / "link.db").symlink_to(path)
    with LogWriter(path), pytest.raises(UserError, match="another run is writing"):
        LogWriter(path.parent / "link.db")


def test_a_killed_writer_leaves_no_lock(path: Path) -> None:
    code = f"from master_autogen.log import LogWriter; LogWriter({str(path)!r}); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="another run is writing"):
            LogWriter(path)
        child.kill()
        child.wait()
    with LogWriter(path) as log:
        log.begin_run(RUN)
