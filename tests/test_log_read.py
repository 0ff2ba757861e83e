"""Readers of runs, lessons, episodes and calls, and the search."""

from __future__ import annotations

from pathlib import Path

import pytest

from master_autogen.errors import UserError
from master_autogen.log import (
    Database,
    LogWriter,
    episode_calls,
    get_episode,
    get_lesson,
    get_run,
    lesson_calls,
    lesson_counts,
    lesson_rows,
    list_runs,
    open_log,
    planned_round,
    run_lessons,
    search,
)
from master_autogen.records import Lesson
from tests.test_log_rows import OTHER, RUN, call, episode, grade, lesson, plan, planned_log, turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three lessons, planned as 3, 1, 2: lesson 1 accepted, 2 running, 3 pending; five calls."""
    path = planned_log(tmp_path / "log.db")
    with LogWriter(path) as log:
        log.finish_lesson(lesson())
        log.start_lesson("run1-1-2")
        log.put_call(call(1))
        log.put_call(call(2, slot=1, cost=None, tokens_estimated=True))
        log.put_call(call(3, slot=None, purpose="judge", status="error", prompt_tokens=None, completion_tokens=None))
        log.put_call(call(4, "run1-1-2"))
    return path


@pytest.fixture
def db(path: Path) -> Database:
    return open_log(path)


def test_a_run_with_what_came_of_it(db: Database) -> None:
    run = get_run(db, "run1")
    assert run.lessons == {"accepted": 1, "running": 1, "pending": 1}
    assert (run.calls, run.failed_calls, run.prompt_tokens, run.completion_tokens) == (4, 1, 90, 15)
    assert run.cost == pytest.approx(0.003)
    assert run.unpriced_calls == 1
    assert (run.config, run.versions, run.random_seed) == ({"rounds": 2}, {"python": "3.11"}, 7)


def test_a_run_without_priced_calls_has_no_cost(path: Path) -> None:
    with LogWriter(path) as log:
        log.begin_run(RUN.model_copy(update={"id": "run2", "started": 3000.0}))
    run = get_run(open_log(path))
    assert (run.id, run.calls, run.failed_calls, run.cost, run.lessons) == ("run2", 0, 0, None, {})


def test_runs_are_found_by_the_beginning_of_their_id(path: Path) -> None:
    with LogWriter(path) as log:
        for number, run_id in enumerate(("ab", "abc", "abd")):
            log.begin_run(RUN.model_copy(update={"id": run_id, "started": 2000.0 + number}))
    db = open_log(path)
    assert [run.id for run in list_runs(db)] == ["run1", "ab", "abc", "abd"]
    assert get_run(db, "ab").id == "ab"
    assert get_run(db, "abc").id == "abc"
    assert get_run(db, "r").id == "run1"
    with pytest.raises(UserError) as refusal:
        get_run(db, "a")
    assert str(refusal.value) == "more than one run begins with 'a': ab, abc, abd; give more of the id"
    with pytest.raises(UserError) as refusal:
        get_run(db, "a%")
    assert str(refusal.value) == f"no run 'a%' in {path}; `master-autogen runs list` shows them"


def test_a_log_without_runs(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with pytest.raises(UserError) as refusal:
        get_run(open_log(path, create=True))
    assert str(refusal.value) == f"the log {path} holds no run; run `master-autogen run` first"


def test_lessons_come_in_lesson_order(path: Path) -> None:
    with LogWriter(path) as log:
        log.plan_round("run1", [plan(2, round_number=2), plan(1, round_number=2)], [])
    db = open_log(path)
    order = ["run1-1-3", "run1-1-1", "run1-1-2", "run1-2-2", "run1-2-1"]
    assert [found.plan.id for found in run_lessons(db, "run1")] == order
    assert [row.id for row in lesson_rows(db, "run1")] == order
    assert [found.plan.id for found in run_lessons(db, "run1", "accepted")] == ["run1-1-1"]


def test_a_pending_lesson_is_its_plan(db: Database) -> None:
    (pending,) = run_lessons(db, "run1", "pending")
    assert pending == Lesson(plan=plan(3), status="pending")


def test_a_planned_round_comes_back_as_it_was_planned(path: Path) -> None:
    """Whatever came of its lessons since; in its own order, which is not that of the ids."""
    second = [plan(2, round_number=2), plan(1, round_number=2)]
    with LogWriter(path) as log:
        log.plan_round("run1", second, [])
    db = open_log(path)
    assert planned_round(db, "run1", 1) == [plan(3), plan(1), plan(2)]
    assert planned_round(db, "run1", 2) == second
    assert planned_round(db, "run1", 3) == []
    assert planned_round(db, "run2", 1) == []


def test_a_runs_lessons_by_their_status(db: Database) -> None:
    assert lesson_counts(db, "run1") == {"accepted": 1, "running": 1, "pending": 1}
    assert lesson_counts(db, "run2") == {}


def test_a_lesson_on_one_line(db: Database) -> None:
    by_id = {row.id: row for row in lesson_rows(db, "run1")}
    accepted, running = by_id["run1-1-1"], by_id["run1-1-2"]
    assert (accepted.status, accepted.pair, accepted.pi, accepted.position) == ("accepted", OTHER, 0.5, 1)
    assert accepted.instruction == "What is 1 + 1?"
    assert (running.status, running.pair, running.pi) == ("running", None, None)


def test_an_episode_with_all_that_belongs_to_it(db: Database) -> None:
    view = get_episode(db, "run1-1-1-e1")
    assert view.lesson == lesson()
    assert view.seed == plan().seed
    assert view.episode == episode(plan(), 1)
    assert view.grades == (grade(plan(), 1),)
    assert view.is_selected
    assert [found.id for found in view.calls] == ["call2"]
    assert not get_episode(db, "run1-1-1-e2").is_selected


def test_an_episode_not_yet_played(db: Database) -> None:
    view = get_episode(db, "run1-1-3-e1")
    assert (view.episode.status, view.episode.turns, view.grades, view.calls) == ("pending", (), (), ())
    assert view.episode.cast == plan(3).episodes[1].cast


def test_calls_by_episode_and_by_lesson(db: Database) -> None:
    assert episode_calls(db, "run1-1-1-e0") == [call(1)]
    assert [found.id for found in lesson_calls(db, "run1-1-1")] == ["call1", "call2", "call3"]
    assert lesson_calls(db, "nothing") == []


def test_unknown_and_ambiguous_ids(path: Path, db: Database) -> None:
    for wanted, reader in (("lesson", get_lesson), ("episode", get_episode)):
        with pytest.raises(UserError) as refusal:
            reader(db, "zz")
        assert str(refusal.value) == f"no {wanted} 'zz' in {path}; `master-autogen runs show RUN` lists them"
    with pytest.raises(UserError) as refusal:
        get_lesson(db, "run1-1-")
    assert str(refusal.value) == (
        "more than one lesson begins with 'run1-1-': run1-1-1, run1-1-2, run1-1-3; give more of the id"
    )


def test_of_many_candidates_ten_are_named(path: Path) -> None:
    with LogWriter(path) as log:
        log.plan_round("run1", [plan(number) for number in range(10, 30)], [])
    with pytest.raises(UserError, match=r"run1-1-10-e0, .*, \.\.\.; give more of the id$") as refusal:
        get_episode(open_log(path), "run1-1-")
    assert str(refusal.value).count("-e") == 10


def test_a_missing_text_is_named(path: Path) -> None:
    damaged = open_log(path)
    damaged.execute("DELETE FROM texts")
    with pytest.raises(
        UserError, match=r"^the log .*log\.db is damaged: the text '[0-9a-f]{16}' of a call is missing$"
    ):
        lesson_calls(damaged, "run1-1-1")


@pytest.fixture
def spoken(path: Path) -> Database:
    said = ["She carries apples.", "It's 2+2, well-known!", "An apple; AND then?", "an odd \ud83d apple"]
    done = lesson(2, episodes=(episode(plan(2), 0, turns=[turn(i, text) for i, text in enumerate(said)], checks=()),))
    with LogWriter(path) as log:
        log.finish_lesson(done.model_copy(update={"grades": (), "selected_episode_id": None, "status": "rejected"}))
    return open_log(path)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("apples", {0, 2, 3}),
        ("apple NOT carrying", {2, 3}),
        ('"an apple"', {2}),
        ("appl*", {0, 2, 3}),
        ("well-known", {1}),
        ("2+2", {1}),
        ('what"s', set()),
        ("AND", {2}),
        ("  ", set()),
        ("pear", set()),
    ],
)
def test_search(spoken: Database, query: str, found: set[int]) -> None:
    hits = [hit for hit in search(spoken, query) if hit.lesson_id == "run1-1-2"]
    assert {hit.idx for hit in hits} == found


def test_a_hit_says_where_and_what(spoken: Database) -> None:
    (hit,) = search(spoken, "carries")
    assert hit.model_dump() == {
        "run_id": "run1",
        "lesson_id": "run1-1-2",
        "episode_id": "run1-1-2-e0",
        "idx": 0,
        "role": "student",
        "snippet": "She [carries] apples.",
    }
    assert len(search(spoken, "apple", limit=2)) == 2


def test_search_survives_vacuum(spoken: Database) -> None:
    spoken.execute("DELETE FROM turns WHERE idx = 0")
    spoken.vacuum()
    (hit,) = search(spoken, '"an apple"')
    assert hit.snippet == "[An apple]; AND then?"
