"""Grades added up by round, scenario and pair, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from master_autogen.log import Database, GradeTotal, LogWriter, grade_tenths, grade_totals, lesson_keys, open_log
from tests.test_log_rows import OTHER, episode, grade, lesson, plan, planned_log


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Lesson 1: candidates with 0.55 and no pi. Lesson 2: a rejected one and one of pi 1; the base has 0.9."""
    path = planned_log(tmp_path / "log.db")
    first, second = plan(1), plan(2)
    one = lesson(
        1,
        episodes=(episode(first, 0), episode(first, 1), episode(first, 2)),
        grades=(
            grade(first, 1, 0.55).model_copy(update={"ifd_small": 0.4, "ifd_large": 0.3}),
            grade(first, 2, None).model_copy(update={"ifd_large": 0.6}),
            grade(first, 1, 0.05, evaluator="a second look"),
        ),
    )
    two = lesson(
        2,
        plan=second,
        selected_episode_id=second.episodes[2].id,
        episodes=(episode(second, 0), episode(second, 1, status="rejected", reason="leak"), episode(second, 2)),
        grades=(grade(second, 0, 0.9), grade(second, 2, 1.0)),
    )
    with LogWriter(path) as log:
        log.finish_lesson(one)
        log.finish_lesson(two)
    found = open_log(path)
    yield found
    found.close()


def test_candidates_are_added_up_with_the_grade_that_counts(db: Database) -> None:
    assert grade_totals(db, "run1") == [
        GradeTotal(
            round=1, scenario="correction", pair=OTHER, episodes=4, rejected=1, failed=0, graded=2, pi_sum=1.55,
            measured=2, ifd_sum=1.0,
        )
    ]  # fmt: skip
    assert grade_totals(db, "run9") == []


def test_tenths_of_pi(db: Database) -> None:
    assert grade_tenths(db, "run1") == {"correction": [0, 0, 0, 0, 0, 1, 0, 0, 0, 1]}


def test_lessons_by_name_in_lesson_order(db: Database) -> None:
    assert [(key.id, key.status) for key in lesson_keys(db, "run1")] == [
        ("run1-1-3", "pending"), ("run1-1-1", "accepted"), ("run1-1-2", "accepted"),
    ]  # fmt: skip
