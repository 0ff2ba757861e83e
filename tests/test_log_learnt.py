"""What a run learns from, as lessons end: rewards, costs and gaps, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from master_autogen.log import (
    Database,
    LogWriter,
    bank_owed,
    get_run,
    open_log,
    read_bank,
    round_ends,
    round_rewards,
    run_grades,
    run_rounds,
    taught,
)
from master_autogen.records import Grade, LessonPlan
from tests.test_log_rows import OTHER, RUN, call, episode, grade, lesson, plan, planned_log


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return planned_log(tmp_path / "log.db")


def test_gaps_are_those_of_the_lessons_own_grades_by_unit(path: Path) -> None:
    def measured(planned: LessonPlan, slot: int, small: float, large: float, unit: str | None, by: str = "j") -> Grade:
        found = {"ifd_small": small, "ifd_large": large, "detail": {"unit": unit} if unit else {}}
        return grade(planned, slot, 0.4, by).model_copy(update=found)

    with LogWriter(path) as log:
        for number, unit in ((1, "token"), (2, "byte"), (3, None)):
            planned = plan(number, round_number=number)
            graded = (
                measured(planned, 0, 0.75, 0.5, unit),
                measured(planned, 1, 0.25, 0.5, unit),
                measured(planned, 1, 0.9, 0.1, unit, "a/later"),
                grade(planned, 2),  # not measured
            )
            log.plan_round("run1", [planned], [])
            played = tuple(episode(planned, slot) for slot in range(3))
            done = {
                "plan": planned,
                "episodes": played,
                "grades": graded,
                "selected_episode_id": planned.episodes[1].id,
            }
            log.finish_lesson(lesson(number).model_copy(update=done))
    db = open_log(path)
    for number, unit in ((1, "token"), (2, "byte"), (3, "token")):  # a grade that says no unit counts tokens
        found = [
            (row.gap, row.unit) for row in taught(db, "run1", since=number, before=number + 1) if row.gap is not None
        ]
        assert found == [(0.25, unit), (-0.25, unit)]
    assert [row.gap for row in taught(db, "run1", before=3) if row.gap] == [0.25, -0.25] * 2
    assert list(taught(db, "run1", before=1)) == list(taught(db, "other", before=4)) == []
    assert [(g.episode_id[-2:], g.evaluator) for g in run_grades(db, "run1")][:3] == [
        ("e0", "j"), ("e1", "j"), ("e2", "judge/1"),
    ]  # fmt: skip


def test_costs_are_those_of_the_candidates_turns(path: Path) -> None:
    calls = (
        call(1, slot=0, cost=9.0),  # the base is no arm of selection
        call(2, slot=1, cost=0.25),
        call(3, slot=1, cost=0.5, status="error", error="cut off"),  # billed, though of no use
        call(4, slot=1, cost=None, status="error", error="refused"),
        call(5, slot=1, cost=4.0, purpose="judge"),
        call(8, slot=1, cost=8.0, status="error", error="cancelled"),  # asked again as the run went on
        call(6, slot=2, cost=0.125),
        call(7, slot=2, cost=None),  # an answer of no known price
    )
    with LogWriter(path) as log:
        for made in calls:
            log.put_call(made)
        assert list(taught(open_log(path), "run1", before=2)) == []  # before the lesson has ended
        log.finish_lesson(lesson(1))
    db = open_log(path)
    (found,) = taught(db, "run1", before=2)  # the other two were not graded
    assert found == ("correction", "math", OTHER.instruction, OTHER.response, 0.5, 0.75, None, None)


def test_a_later_grade_of_an_episode_without_one_is_learnt_from(path: Path) -> None:
    ungraded = lesson(1).model_copy(update={"grades": ()})
    with LogWriter(path) as log:
        log.finish_lesson(ungraded)
        log.flush()
        assert [row.earned for row in taught(open_log(path), "run1", before=2)] == []
        log.add_grades(ungraded.plan.id, [grade(ungraded.plan, 1, 0.75, "later")])
    assert [row.earned for row in taught(open_log(path), "run1", before=2)] == [0.75]


def test_a_log_from_before_is_learnt_from_as_if_it_were_new(path: Path) -> None:
    with LogWriter(path) as log:
        log.put_call(call(2, slot=1, cost=0.25))
        log.finish_lesson(lesson(1))
    db = open_log(path)
    before = list(taught(db, "run1", before=2))
    checks = db.execute("SELECT * FROM checks ORDER BY 1, 2, 3, 4").fetchall()
    assert (len(before), len(checks)) == (1, 12)
    for column in ("earned", "turns_cost", "gap", "gap_unit"):
        db.execute(f"ALTER TABLE episodes DROP COLUMN {column}")
    db.execute("DROP INDEX memory_bank_stored")
    db.execute("DELETE FROM _sqlite_migrations WHERE name >= 'm007'")
    db.conn.commit()
    db.close()
    db = open_log(path)
    assert list(taught(db, "run1", before=2)) == before
    assert db.execute("SELECT * FROM checks ORDER BY 1, 2, 3, 4").fetchall() == checks
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize(
    "read",
    [
        lambda db: list(taught(db, "run1", since=2, before=3)),
        lambda db: round_rewards(db, "run1", 2),
        lambda db: bank_owed(db, "run1", since=2, before=3, embedder="words"),
        lambda db: list(read_bank(db, "run1", "debate", since=2, before=3, embedder="words")),
        lambda db: round_ends(db, "run1", 2),
        lambda db: run_rounds(db, "run1"),
        lambda db: get_run(db, "run1"),
    ],
    ids=["taught", "round_rewards", "bank_owed", "read_bank", "round_ends", "run_rounds", "get_run"],
)
def test_what_is_read_of_a_run_is_found_by_index(path: Path, read: Callable[[Database], object]) -> None:
    """No table is gone through but `runs`: what a run reads grows with its round, and not with the log."""
    db = open_log(path)
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    read(db)
    db.conn.set_trace_callback(None)
    plans = [
        (statement, step[3])
        for statement in asked
        if statement.lstrip().startswith("SELECT") and ("lessons" in statement or "calls" in statement)
        for step in db.execute(f"EXPLAIN QUERY PLAN {statement}")
        if step[3].startswith(("SCAN", "SEARCH"))
    ]
    assert plans
    for statement, step in plans:
        assert step.startswith(("SEARCH", "SCAN runs")), f"{step}\n{statement}"


def test_a_run_is_summed_up_without_a_look_into_others(path: Path) -> None:
    def steps() -> int:
        """Instructions of SQLite's machine."""
        taken = 0

        def step() -> None:
            nonlocal taken
            taken += 1

        db = open_log(path, readonly=True)
        db.conn.set_progress_handler(step, 1)
        get_run(db, "run1")
        db.close()
        return taken

    before = steps()
    other = plan(1, run_id="run2")
    with LogWriter(path) as log:
        log.begin_run(RUN.model_copy(update={"id": "run2"}))
        log.plan_round("run2", [other], [])
        for number in range(200):
            log.put_call(call(1000 + number, lesson_id=other.id).model_copy(update={"run_id": "run2"}))
    assert steps() - before < 200
