"""What may be written to the log, and what belongs together in one transaction.

Rows are made in the caller's thread, so that a record that cannot be stored fails there, and what the caller changes
later is not written.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from master_autogen.errors import UserError
from master_autogen.log import rows
from master_autogen.log.bank import MEMORY_BANK, Candidate, bank_rows
from master_autogen.log.batch import CallRow, Finished, Started
from master_autogen.log.learnt import work_out
from master_autogen.log.sql import Row, row, to_json
from master_autogen.log.thread import WriterThread
from master_autogen.log.views import RunRecord, RunStatus
from master_autogen.records import Call, Grade, Lesson, LessonPlan, SelectionRow


class LogWriter:
    """Writes the log at `path`, made where there is none. UserError where it is no log or another run writes it.

    Any thread may call. Once a write failed (disk full), every call raises that UserError; the file stays sound.

    >>> with LogWriter("outputs/log.db") as log:     # doctest: +SKIP
    ...     log.begin_run(run)
    ...     log.plan_round(run.id, lessons, selections)
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._thread = WriterThread(self.path)

    def begin_run(self, run: RunRecord) -> None:
        """Open a run, or open it again with what was first said of it; on disk on return. UserError if it is
        finished."""
        values = row(run.id, run.started, run.status, to_json(dict(run.config)), to_json(dict(run.versions)))

        def action(db: Database) -> None:
            cursor = db.conn.execute(
                "INSERT INTO runs (id, started, status, config, versions, random_seed) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended = NULL WHERE status <> 'finished'",
                (*values, run.random_seed),
            )
            if not cursor.rowcount:
                raise UserError(f"run {run.id} in {self.path} is finished; start another with --new")
            db.conn.execute(_NONE_RUNS, (run.id, run.id))

        self._thread.wait_for(action)

    def plan_round(self, run_id: str, lessons: Sequence[LessonPlan], selections: Sequence[SelectionRow]) -> None:
        """A round's seeds, lessons, episodes (all pending, in this order) and selections, in one transaction; on disk
        on return. What is there already stays as it is. UserError where a lesson's id, a hash, is another's."""
        seeds = {seed.id: seed for plan in lessons for seed in (plan.seed, plan.similar) if seed is not None}
        seed_rows = [rows.seed_row(seed) for seed in seeds.values()]
        lesson_rows = [rows.lesson_row(plan, position) for position, plan in enumerate(lessons)]
        episode_rows = [found for plan in lessons for found in rows.planned_episode_rows(plan)]
        selection_rows = [rows.selection_row(selection) for selection in selections]
        ids, number = to_json([plan.id for plan in lessons]), lessons[0].round if lessons else 0

        def action(db: Database) -> None:
            rows.SEEDS(db, seed_rows)
            rows.LESSONS(db, lesson_rows)
            rows.PLANNED_EPISODES(db, episode_rows)
            rows.SELECTIONS(db, selection_rows)
            if db.conn.execute(_PLANNED, (ids, run_id, number)).fetchone() != (len(lessons),):
                raise UserError(
                    f"run {run_id}, round {number}: a lesson has the id of another, and ids are hashes; give another "
                    "--random-seed, which makes other ids"
                )

        self._thread.wait_for(action)

    def record_selections(self, selections: Sequence[SelectionRow]) -> None:
        """Selections alone; what is there already stays as it is."""
        selection_rows = [rows.selection_row(selection) for selection in selections]
        self._thread.put(lambda db: rows.SELECTIONS(db, selection_rows))

    def record_bank(self, candidates: Sequence[Candidate], embedder: str, vectors: NDArray[np.float32]) -> None:
        """What these candidates earned, for the memory bank, with their instructions' vectors by `embedder`, shape
        (candidates, dimensions); on disk on return. A candidate that is there already is replaced."""
        stored = bank_rows(candidates, embedder, vectors)
        self._thread.wait_for(lambda db: MEMORY_BANK(db, stored))

    def put_call(self, call: Call) -> None:
        """One attempt at a model; never waits. A call with the same id replaces the earlier one."""
        self._thread.put_entry(CallRow(*rows.call_row(call)))

    def start_lesson(self, lesson_id: str) -> None:
        """Its status is `running` from here on."""
        self._thread.put_entry(Started(lesson_id, time.time()))

    def finish_lesson(self, lesson: Lesson) -> None:
        """A lesson's outcome with its episodes, turns, checks and grades, in one transaction; what an earlier finish
        wrote of it is replaced. ValueError where an episode or a grade is not the lesson's."""
        self._thread.put_entry(_finished(lesson, time.time()))

    def add_grades(self, lesson_id: str, grades: Sequence[Grade]) -> None:
        """More grades of a lesson that has ended, behind those it has; an evaluator's earlier ones are replaced. On
        disk on return."""

        def action(db: Database) -> None:
            of_lesson = "(SELECT id FROM episodes WHERE lesson_id = ?)"
            for grade in grades:
                key = (grade.episode_id, grade.evaluator)
                db.conn.execute("DELETE FROM grades WHERE episode_id = ? AND evaluator = ?", key)
            query = f"SELECT coalesce(max(seq), -1) + 1 FROM grades WHERE episode_id IN {of_lesson}"
            (first,) = db.conn.execute(query, (lesson_id,)).fetchone()
            rows.GRADES(db, [rows.grade_row(grade, seq) for seq, grade in enumerate(grades, first)])
            work_out(db, [lesson_id])

        self._thread.wait_for(action)

    def cancel_lessons(self, lesson_ids: Sequence[str], reason: str) -> None:
        """These lessons do not count, whatever came of them."""
        if not lesson_ids:
            return
        values = (reason, time.time(), to_json(list(lesson_ids)))

        def action(db: Database) -> None:
            db.execute(
                "UPDATE lessons SET status = 'cancelled', reason = ?, ended = coalesce(ended, ?), "
                "selected_episode_id = NULL WHERE id IN (SELECT value FROM json_each(?))",
                values,
            )

        self._thread.put(action)

    def end_run(self, run_id: str, status: RunStatus) -> None:
        """Close a run; on disk on return. What was `running` in it is `pending` again."""
        values = (status, time.time(), run_id)

        def action(db: Database) -> None:
            db.conn.execute(_NONE_RUNS, (run_id, run_id))
            _change_one(db, "UPDATE runs SET status = ?, ended = ? WHERE id = ?", values)

        self._thread.wait_for(action)

    def flush(self) -> None:
        """Wait until everything put so far is on disk."""
        self._thread.wait_for(lambda db: None)

    def close(self) -> None:
        """Write what waits, close the file, free the lock. Again is nothing."""
        self._thread.stop()
        self._thread.raise_failure()

    def __enter__(self) -> LogWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._thread.stop()
        if error is None:  # else the failure, if any, was raised already
            self._thread.raise_failure()


# A round is played to its end before the next is planned, so that only the last one can have any that run.
_NONE_RUNS = (
    "UPDATE lessons SET status = 'pending', started = NULL WHERE run_id = ? AND status = 'running' "
    "AND round = (SELECT max(round) FROM lessons WHERE run_id = ?)"
)


_PLANNED = """
SELECT count(DISTINCT lessons.id) FROM json_each(?) CROSS JOIN lessons ON lessons.id = value
WHERE run_id = ? AND round = ?
"""


def _finished(lesson: Lesson, now: float) -> Finished:
    plan = lesson.plan
    mine = {episode.id for episode in plan.episodes}
    strangers = [grade.episode_id for grade in lesson.grades if grade.episode_id not in mine]
    if strangers:
        raise ValueError(f"grade of episode {strangers[0]}, which is not in the plan of lesson {plan.id}")
    return Finished(
        plan.id,
        row(lesson.status, lesson.reason, lesson.selected_episode_id, now),
        episodes=[rows.played_episode_row(episode, plan) for episode in lesson.episodes],
        turns=[rows.turn_row(episode.id, turn) for episode in lesson.episodes for turn in episode.turns],
        checks=[rows.check_row(e.id, check, seq) for e in lesson.episodes for seq, check in enumerate(e.checks)],
        grades=[rows.grade_row(grade, seq) for seq, grade in enumerate(lesson.grades)],
    )


def _change_one(db: Database, sql: str, values: Row) -> None:
    """Run an UPDATE whose last value is an id; ValueError where the log has no such row."""
    if not db.conn.execute(sql, values).rowcount:
        raise ValueError(f"{values[-1]!r} was never planned or begun in this log")
