"""What comes of lessons in great numbers - calls, lessons that begin, lessons that end - written together.

As few statements as can be: at each of them SQLite lets go of the interpreter, and beside a busy event loop the writer
waits up to 5 ms to get it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from sqlite_utils import Database

from master_autogen.log import rows
from master_autogen.log.learnt import work_out
from master_autogen.log.sql import Row, row, to_json

_KNOWN_TEXTS = 200_000  # hashes remembered, about 20 MB; beyond, SQLite finds the doubles
_UPDATES_A_STATEMENT = 100


class CallRow(NamedTuple):
    """A row of `calls`, and the long texts that it names by hash."""

    row: Row
    texts: dict[str, str]


class Started(NamedTuple):
    lesson_id: str
    at: float


class Finished(NamedTuple):
    """A lesson's outcome: `status`, `reason`, `selected_episode_id`, `ended`, and the rows of what was played."""

    lesson_id: str
    outcome: Row
    episodes: Sequence[Row]
    turns: Sequence[Row]
    checks: Sequence[Row]
    grades: Sequence[Row]


Entry: TypeAlias = CallRow | Started | Finished


class Batch:
    """Entries that wait for `write`, which is to be inside a transaction. A later one of the same call or lesson
    replaces the earlier."""

    def __init__(self) -> None:
        self._known_texts: set[str] = set()
        self._calls: dict[object, CallRow] = {}
        self._started: dict[str, Started] = {}
        self._finished: dict[str, Finished] = {}

    def add(self, db: Database, entry: Entry) -> None:
        if isinstance(entry, CallRow):
            self._calls[entry.row[0]] = entry
        elif isinstance(entry, Finished):
            self._finished[entry.lesson_id] = entry
        else:
            if entry.lesson_id in self._finished:  # begun again: that has to come after its end
                self.write(db)
            self._started[entry.lesson_id] = entry

    def write(self, db: Database) -> None:
        """ValueError for a lesson that was never planned."""
        calls, started, finished = self._calls, self._started, self._finished
        self._calls, self._started, self._finished = {}, {}, {}
        if calls:
            self._write_calls(db, list(calls.values()))
        if started:
            change = "status = 'running', reason = NULL, started = new.column2, ended = NULL"
            _update(db, change, [row(one.lesson_id, one.at) for one in started.values()])
        if finished:
            _finish(db, list(finished.values()))

    def _write_calls(self, db: Database, calls: Sequence[CallRow]) -> None:
        texts = {ref: text for call in calls for ref, text in call.texts.items() if ref not in self._known_texts}
        rows.TEXTS(db, [row(ref, text) for ref, text in texts.items()])
        rows.CALLS(db, [call.row for call in calls])
        if len(self._known_texts) > _KNOWN_TEXTS:
            self._known_texts.clear()
        self._known_texts.update(texts)


def _finish(db: Database, lessons: Sequence[Finished]) -> None:
    """What an earlier end wrote of a lesson is replaced."""
    ids = to_json([lesson.lesson_id for lesson in lessons])
    chosen = "lesson_id IN (SELECT value FROM json_each(?))"
    if db.conn.execute(f"SELECT 1 FROM episodes WHERE {chosen} AND played LIMIT 1", (ids,)).fetchone():
        for table in ("turns", "checks", "grades"):
            db.conn.execute(f"DELETE FROM {table} WHERE episode_id IN (SELECT id FROM episodes WHERE {chosen})", (ids,))
        db.conn.execute(f"UPDATE episodes SET status = 'pending', reason = NULL, played = 0 WHERE {chosen}", (ids,))
    rows.PLAYED_EPISODES(db, [one for lesson in lessons for one in lesson.episodes])
    rows.TURNS(db, [one for lesson in lessons for one in lesson.turns])
    rows.CHECKS(db, [one for lesson in lessons for one in lesson.checks])
    rows.GRADES(db, [one for lesson in lessons for one in lesson.grades])
    work_out(db, [lesson.lesson_id for lesson in lessons])
    _update(
        db,
        "status = new.column2, reason = new.column3, selected_episode_id = new.column4, ended = new.column5",
        [(lesson.lesson_id, *lesson.outcome) for lesson in lessons],
    )


def _update(db: Database, change: str, values: Sequence[Row]) -> None:
    """Change lessons; the first of a row's values is the id. ValueError where the log has no such lesson."""
    for start in range(0, len(values), _UPDATES_A_STATEMENT):
        some = values[start : start + _UPDATES_A_STATEMENT]
        marks = ", ".join(["(" + ", ".join("?" * len(some[0])) + ")"] * len(some))
        done = db.conn.execute(
            f"UPDATE lessons SET {change} FROM (VALUES {marks}) AS new WHERE lessons.id = new.column1",
            [value for one in some for value in one],
        )
        if done.rowcount != len(some):
            known = {found for (found,) in db.conn.execute("SELECT id FROM lessons")}
            unknown = next(one[0] for one in some if one[0] not in known)
            raise ValueError(f"{unknown!r} was never planned or begun in this log")
