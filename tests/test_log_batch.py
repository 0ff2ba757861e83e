"""What is written together: how many statements it takes, and that nothing is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database

from master_autogen.log import LogWriter, get_lesson, open_log
from master_autogen.log.batch import Batch, CallRow, Started
from master_autogen.log.file import open_for_writer
from master_autogen.log.rows import call_row
from master_autogen.log.writer import _finished
from tests.test_log_rows import RUN, call, lesson, plan


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with LogWriter(tmp_path / "log.db") as log:
        log.begin_run(RUN)
        log.plan_round("run1", [plan(number) for number in range(1, 121)], [])
    return tmp_path / "log.db"


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    db = open_for_writer(path)
    yield db
    db.close()


def statements(db: Database, batch: Batch) -> int:
    """How many it takes to write the batch; what triggers do is none, though it is told as one."""
    seen: list[str] = []
    db.conn.set_trace_callback(seen.append)
    with db.atomic():
        batch.write(db)
    db.conn.set_trace_callback(None)
    return len({sql for sql in seen if not sql.startswith(("--", "PRAGMA")) and "turns_fts" not in sql})


def test_a_hundred_lessons_take_hardly_more_statements_than_one(db: Database) -> None:
    taken = []
    for numbers in (range(1, 2), range(2, 102)):
        batch = Batch()
        for number in numbers:
            batch.add(db, CallRow(*call_row(call(number, f"run1-1-{number}", slot=None))))
            batch.add(db, Started(f"run1-1-{number}", 5.0))
            batch.add(db, _finished(lesson(number), 6.0))
        taken.append(statements(db, batch))
    assert taken[0] == 12
    # An INSERT has at most a hundred rows: of 100 lessons there are 300 episodes, and so on.
    assert taken[1] < 40
    found = db.execute("SELECT count(*), min(started), max(ended) FROM lessons WHERE status = 'accepted'").fetchone()
    assert found == (101, 5.0, 6.0)


def test_the_last_word_on_a_lesson_counts(path: Path, db: Database) -> None:
    batch = Batch()
    with db.atomic():
        for ended in (lesson(1, status="rejected", reason="first", selected_episode_id=None), lesson(1)):
            batch.add(db, Started("run1-1-1", 5.0))
            batch.add(db, _finished(ended, 6.0))
        batch.write(db)
    assert get_lesson(open_log(path), "run1-1-1") == lesson(1)
    with db.atomic():
        batch.add(db, _finished(lesson(1), 6.0))
        batch.add(db, Started("run1-1-1", 7.0))
        batch.write(db)
    assert db.execute("SELECT status, started, ended FROM lessons WHERE id = 'run1-1-1'").fetchone() == (
        "running",
        7.0,
        None,
    )


def test_what_is_written_is_not_written_again(db: Database) -> None:
    batch = Batch()
    batch.add(db, CallRow(*call_row(call(1))))
    assert statements(db, batch) > 0
    with db.atomic():
        batch.write(db)
        assert db.execute("SELECT changes()").fetchone() == (1,)  # that of before
    assert db.execute("SELECT count(*) FROM calls").fetchone() == (1,)


def test_the_lesson_that_was_never_planned_is_named(db: Database) -> None:
    batch = Batch()
    for name in ("run1-1-1", "nowhere", "run1-1-2"):
        batch.add(db, Started(name, 5.0))
    with pytest.raises(ValueError, match=r"^'nowhere' was never planned or begun in this log$"):
        batch.write(db)
