"""Totals, rewards and the history of selection, against numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from master_autogen.log import (
    CallTotal,
    CheckTotal,
    Database,
    LogWriter,
    lesson_totals,
    open_log,
    round_rewards,
    selected_totals,
    selection_history,
    totals,
)
from master_autogen.records import CheckResult, Grade
from tests.test_log_rows import OTHER, PAIR, call, episode, grade, lesson, plan, planned_log, selection, turn

TEMPLATE = (turn(0, side="human", train=False), turn(1, made_by="template"))
MIXED = (turn(0, made_by="template"), turn(1, made_by="worded"))
UNTRAINED = (turn(0, train=False, made_by="template"),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return planned_log(tmp_path / "log.db")


def rewards(path: Path, *candidates: dict[str, object], grades: tuple[Grade, ...] = ()) -> list[tuple[int, float]]:
    """(slot, reward) of one lesson with these candidates."""
    planned = plan(2, round_number=2, candidates=len(candidates))
    played = [episode(planned, slot, **changes) for slot, changes in enumerate(candidates, start=1)]
    done = lesson(2).model_copy(
        update={"plan": planned, "episodes": (episode(planned, 0), *played), "grades": grades, "status": "rejected"}
    )
    with LogWriter(path) as log:
        log.plan_round("run1", [planned], [])
        log.finish_lesson(done.model_copy(update={"selected_episode_id": None}))
    return [(row.slot, row.reward) for row in round_rewards(open_log(path), "run1", 2)]


def test_a_reward_is_pi_and_the_base_earns_none(path: Path) -> None:
    planned = plan(2, round_number=2)
    graded = (grade(planned, 0, 0.9), grade(planned, 1, 0.4), grade(planned, 2, -0.25))
    assert rewards(path, {}, {}, grades=graded) == [(1, 0.4), (2, -0.25)]


def test_a_rejected_episode_earns_zero_whatever_its_grade(path: Path) -> None:
    planned = plan(2, round_number=2)
    candidates = ({"status": "rejected", "reason": "leak"}, {"status": "rejected", "reason": "leak"})
    assert rewards(path, *candidates, grades=(grade(planned, 1, 0.4),)) == [(1, 0.0), (2, 0.0)]


def test_failed_unplayed_and_unread_episodes_earn_nothing(path: Path) -> None:
    planned = plan(2, round_number=2, candidates=4)
    graded = (grade(planned, 1, 0.4), grade(planned, 2, None), grade(planned, 4, 0.1))
    candidates = ({"status": "failed", "reason": "timeout"}, {}, {"status": "pending"}, {})
    assert rewards(path, *candidates, grades=graded) == [(4, 0.1)]


def test_template_text_is_no_models_merit(path: Path) -> None:
    planned = plan(2, round_number=2, candidates=3)
    graded = tuple(grade(planned, slot, 0.4) for slot in (1, 2, 3))
    found = rewards(path, {"turns": TEMPLATE}, {"turns": MIXED}, {"turns": UNTRAINED}, grades=graded)
    assert found == [(1, 0.0), (2, 0.4), (3, 0.4)]


def test_the_lessons_own_grade_counts_and_no_later_evaluators(path: Path) -> None:
    planned = plan(2, round_number=2)
    graded = (grade(planned, 1, 0.4, "z/first"), grade(planned, 1, 0.9, "a/second"))
    assert rewards(path, {}, {"status": "failed"}, grades=graded) == [(1, 0.4)]


def test_rewards_come_in_lesson_order_then_by_slot_of_their_round_alone(path: Path) -> None:
    with LogWriter(path) as log:
        for number in (1, 2, 3):  # planned as 3, 1, 2
            planned = plan(number)
            graded = (grade(planned, 2, number / 10 + 0.02), grade(planned, 1, number / 10 + 0.01))
            log.finish_lesson(lesson(number, episodes=(episode(planned, 1), episode(planned, 2)), grades=graded))
    db = open_log(path)
    found = round_rewards(db, "run1", 1)
    assert [row.reward for row in found] == pytest.approx([0.31, 0.32, 0.11, 0.12, 0.21, 0.22])
    assert [row.position for row in found] == [0, 0, 1, 1, 2, 2]
    assert {(row.scenario, row.task_type, row.pair) for row in found} == {("correction", "math", OTHER)}
    assert round_rewards(db, "run1", 2) == round_rewards(db, "run2", 1) == []


def test_selection_history(path: Path) -> None:
    other_type = selection(round_number=2).model_copy(update={"task_type": "code"})
    other_scenario = selection(round_number=2).model_copy(update={"scenario": "debate"})
    with LogWriter(path) as log:
        log.record_selections([other_scenario, other_type, selection(OTHER, 2, 0.75), selection(PAIR, 2, 0.25)])
    db = open_log(path)
    first = [selection(), selection(OTHER)]
    assert selection_history(db, "run1") == [
        *first,
        other_type,
        selection(PAIR, 2, 0.25),
        selection(OTHER, 2, 0.75),
        other_scenario,
    ]
    assert selection_history(db, "run1", "correction", "code") == [other_type]
    assert selection_history(db, "run1", scenario="debate") == [other_scenario]
    assert selection_history(db, "run9") == []


@pytest.fixture
def played(path: Path) -> Database:
    with LogWriter(path) as log:
        log.plan_round("run1", [plan(1, round_number=2)], [])
        log.put_call(call(1))
        log.put_call(call(2, status="error", text=None, prompt_tokens=None, completion_tokens=None, cost=None))
        log.put_call(call(3, tokens_estimated=True))
        log.put_call(call(4, purpose="judge", agent="judge", model="large", slot=None, cost=None))
        log.put_call(call(5, "run1-2-1"))
    return open_log(path)


def test_call_totals(played: Database) -> None:
    weak = {"purpose": "turn", "role": "", "agent": "weak", "model": "small"}
    assert totals(played, "run1").calls == (
        CallTotal(
            round=1, purpose="judge", role="judge", agent="judge", model="large", calls=1, failed=0, prompt_tokens=30,
            completion_tokens=5, estimated=0, cost=None, unpriced=1,
        ),
        CallTotal(
            round=1, **weak, calls=3, failed=1, prompt_tokens=60, completion_tokens=10, estimated=1, cost=0.002, unpriced=1
        ),
        CallTotal(
            round=2, **weak, calls=1, failed=0, prompt_tokens=30, completion_tokens=5, estimated=0, cost=0.001, unpriced=0
        ),
    )  # fmt: skip
    assert totals(played, "run9").calls == ()


def test_check_totals(path: Path) -> None:
    """Turn 1 is rejected and has no row; its call tells its phase. Turn 2 had neither."""
    results = [("right_answer", 0, True), ("right_answer", 0, False), ("right_answer", 0, None), ("no_leak", 1, False)]
    results += [("no_leak", 2, True), ("complete", None, True)]
    checks = tuple(
        CheckResult(name=name, turn_idx=idx, passed=passed, attempt=attempt)
        for attempt, (name, idx, passed) in enumerate(results, start=1)
    )
    planned = plan(1)
    played = episode(planned, 0, turns=(turn(0, phase="solve"),), checks=checks, status="rejected", reason="leak")
    with LogWriter(path) as log:
        log.put_call(call(1, turn=1, phase="correct"))
        log.put_call(call(2, turn=2, phase="judge", purpose="judge"))
        log.finish_lesson(lesson(1, episodes=(played,), grades=(), status="rejected", selected_episode_id=None))
    counted = totals(open_log(path), "run1").checks
    assert {(row.round, row.scenario) for row in counted} == {(1, "correction")}
    assert [(row.phase, row.agent, row.name, row.passed, row.failed, row.could_not_tell) for row in counted] == [
        (None, None, "complete", 1, 0, 0),
        (None, None, "no_leak", 1, 0, 0),
        ("correct", "weak", "no_leak", 0, 1, 0),
        ("solve", "weak", "right_answer", 1, 1, 1),
    ]
    assert isinstance(counted[0], CheckTotal)


def answered(passed: bool | None, turn: int = 1, attempt: int = 1) -> CheckResult:
    return CheckResult(name="right_answer", turn_idx=turn, passed=passed, attempt=attempt)


@pytest.mark.parametrize(
    ("checks", "counts"),
    [
        ([answered(True)], (1, 0, 0)),
        ([answered(False)], (0, 1, 0)),
        ([answered(None)], (0, 0, 1)),
        ([], (0, 0, 1)),
        ([answered(True, 0), answered(True, 1)], (1, 0, 0)),
        ([answered(True, 0), answered(None, 1)], (0, 0, 1)),
        ([answered(None, 0), answered(False, 1)], (0, 1, 0)),
        ([answered(True), answered(False, attempt=2)], (1, 0, 0)),  # of an attempt that does not count
    ],
)
def test_answers_are_right_only_where_all_of_them_are(
    path: Path, checks: list[CheckResult], counts: tuple[int, int, int]
) -> None:
    with LogWriter(path) as log:
        log.finish_lesson(lesson(1, episodes=(episode(plan(1), 1, checks=tuple(checks)),)))
    (found,) = selected_totals(open_log(path), "run1")
    assert (found.right, found.wrong, found.unread) == counts


@pytest.mark.parametrize(
    ("pis", "graded", "mean", "middle"),
    [
        ((0.5, 0.1, 0.9), 3, 0.5, 0.5),
        ((0.5, 0.1), 2, 0.3, 0.3),
        ((None, 0.4, None), 1, 0.4, 0.4),
        ((None,), 0, None, None),
    ],
)
def test_the_middle_pi_of_the_selected_episodes(
    path: Path, pis: tuple[float | None, ...], graded: int, mean: float | None, middle: float | None
) -> None:
    with LogWriter(path) as log:
        for number, pi in enumerate(pis, 1):
            log.finish_lesson(lesson(number).model_copy(update={"grades": (grade(plan(number), 1, pi),)}))
    (found,) = selected_totals(open_log(path), "run1")
    assert (found.lessons, found.graded) == (len(pis), graded)
    assert (found.pi_mean, found.pi_median) == (pytest.approx(mean), pytest.approx(middle))


def test_lessons_in_numbers(path: Path) -> None:
    other = plan(4, round_number=2).model_copy(update={"scenario": "debate", "seed": plan(1).seed})
    down = {"status": "failed", "selected_episode_id": None, "reason": "down", "grades": ()}
    with LogWriter(path) as log:
        log.plan_round("run1", [other], [])
        log.finish_lesson(lesson(1))
        log.finish_lesson(lesson(2).model_copy(update={"grades": (grade(plan(2), 1, 0.75),)}))
        log.finish_lesson(lesson(3).model_copy(update=down))
    found = lesson_totals(open_log(path), "run1")
    assert (found.lessons, found.seeds) == (4, 3)
    assert found.statuses == {"correction": {"accepted": 2, "failed": 1}, "debate": {"pending": 1}}
    assert found.reasons == {("failed", "down"): 1}
    assert found.episodes == {"complete": 6, "failed": 3}
    assert (found.first and found.first.id, found.best and found.best.id) == ("run1-1-3", "run1-1-2")
    none = lesson_totals(open_log(path), "run9")
    assert (none.lessons, none.statuses, none.first, none.best) == (0, {}, None, None)
