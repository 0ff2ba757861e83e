"""The ledger, against counts worked out by hand; and the vote, from a debate that is really played."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from master_autogen.lesson import play_lesson
from master_autogen.log import LogWriter, open_log, round_rewards, totals
from master_autogen.log.views import CheckTotal
from master_autogen.records import CheckResult, Episode, LessonPlan
from tests.kit import APPLES, scripted_pool, stage
from tests.kit import plan as plan_for
from tests.test_log_rows import OTHER, RUN, call, episode, grade, lesson, plan, planned_log, turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return planned_log(tmp_path / "log.db")


def found(name: str, passed: bool | None, attempt: int = 1, idx: int | None = 0) -> CheckResult:
    return CheckResult(name=name, turn_idx=idx, passed=passed, attempt=attempt)


def ledger_of(path: Path, *episodes: Episode, status: str = "rejected") -> tuple[CheckTotal, ...]:
    done = {"episodes": episodes, "grades": (), "status": status, "selected_episode_id": None}
    with LogWriter(path) as log:
        log.finish_lesson(lesson(1).model_copy(update=done))
    return totals(open_log(path), "run1").checks


def counts(row: CheckTotal) -> tuple[object, ...]:
    return (row.name, row.passed, row.failed, row.could_not_tell, row.asked_again, row.rejected)


def test_what_is_asked_again_is_put_down_to_the_first_check_that_failed(path: Path) -> None:
    """Three attempts. In the first `sound_steps` could not tell, `no_leak` failed first and `complete` after it, by
    their order and not by their names; in the second only `sound_steps` could not tell, and it had to."""
    results = (
        *(found("sound_steps", None), found("no_leak", False), found("complete", False)),
        *(found("sound_steps", None, 2), found("no_leak", True, 2), found("complete", True, 2)),
        *(found("sound_steps", True, 3), found("no_leak", True, 3), found("complete", True, 3)),
    )
    played = episode(plan(1), 1, turns=(turn(0, attempts=3),), checks=results)
    assert [counts(row) for row in ledger_of(path, played)] == [
        ("complete", 2, 1, 0, 0, 0),
        ("no_leak", 2, 1, 0, 1, 0),
        ("sound_steps", 1, 0, 2, 1, 0),
    ]


def test_a_rejection_is_put_down_to_the_check_that_its_reason_names(path: Path) -> None:
    """The last attempt failed twice; a failure that a phase keeps rejects nobody."""
    turns = (turn(0, phase="pose"), turn(1, attempts=2))
    results = (
        found("complete", False),
        *(found(name, False, attempt, 1) for attempt in (1, 2) for name in ("no_leak", "right_answer")),
    )
    reason = "solve: right_answer: could not tell: no final answer found"
    planned = plan(1)
    rejected = episode(planned, 1, turns=turns, checks=results, status="rejected", reason=reason)
    kept = episode(planned, 2, turns=turns, checks=results)
    rows = ledger_of(path, rejected, kept)
    assert [(row.phase, *counts(row)) for row in rows] == [
        ("pose", "complete", 0, 2, 0, 0, 0),
        ("solve", "no_leak", 0, 4, 0, 2, 0),
        ("solve", "right_answer", 0, 4, 0, 0, 1),
    ]


def test_the_ledger_says_who_where_and_when(path: Path) -> None:
    """Two rounds, two agents in a role; a turn asked for until its episode failed is known by its calls."""
    with LogWriter(path) as log:
        log.plan_round("run1", [plan(2, round_number=2)], [])
        for number in (1, 2):
            planned = plan(number, round_number=number)
            good = episode(planned, 0, turns=(turn(0, agent="weak"),), checks=(found("not_empty", True),))
            twice = (found("not_empty", False), found("not_empty", True, 2))
            again = episode(planned, 1, turns=(turn(0, agent="strong", attempts=2),), checks=twice)
            lost = episode(planned, 2, turns=(), checks=(found("not_empty", False),), status="failed", reason="timeout")
            if number == 2:
                log.put_call(call(1, "run1-2-2", slot=2, turn=0, agent="strong"))
            done = {"plan": planned, "episodes": (good, again, lost), "grades": (), "selected_episode_id": None}
            log.finish_lesson(lesson(number).model_copy(update=done | {"status": "rejected"}))
    sums = totals(open_log(path), "run1")
    told = [(row.round, row.phase, row.role, row.agent, *counts(row)[1:5]) for row in sums.checks]
    assert told == [
        (1, None, None, None, 0, 1, 0, 1),  # no call, no turn: nobody knows whose it was
        (1, "solve", "student", "strong", 1, 1, 0, 1),
        (1, "solve", "student", "weak", 1, 0, 0, 0),
        (2, "solve", "student", "strong", 1, 2, 0, 2),
        (2, "solve", "student", "weak", 1, 0, 0, 0),
    ]
    assert [(row.round, row.agent, row.turns, row.attempts) for row in sums.turns] == [
        (1, "strong", 1, 2), (1, "weak", 1, 1), (2, "strong", 1, 2), (2, "weak", 1, 1),
    ]  # fmt: skip


def test_rejections_by_checks_are_rewards_of_zero(path: Path) -> None:
    """As many rewards of 0 as the ledger has rejections of candidates, whatever a judge has said."""
    planned = plan(1)
    rejected = {
        "turns": (turn(0),),
        "checks": (found("no_leak", False),),
        "status": "rejected",
        "reason": "solve: no_leak: gives the answer away: 4",
    }
    fine = episode(planned, 2, turns=(turn(0),), checks=(found("no_leak", True),))
    with LogWriter(path) as log:
        done = {"episodes": (episode(planned, 1, **rejected), fine), "grades": (grade(planned, 1), grade(planned, 2))}
        log.finish_lesson(lesson(1).model_copy(update=done | {"selected_episode_id": fine.id}))
    db = open_log(path)
    assert sum(row.rejected for row in totals(db, "run1").checks) == 1
    assert [(row.slot, row.pair, row.reward) for row in round_rewards(db, "run1", 1)] == [
        (1, OTHER, 0.0),
        (2, OTHER, 0.5),
    ]


def debate(path: Path, first: str, second: str) -> None:
    """A debate on APPLES, whose answer is 37, in which A and B give these answers and C the right one; logged."""
    pool = scripted_pool()
    models = dict(pool.models)
    for name, model in models.items():
        rules = [
            rule.model_copy(update={"say": [f"The answer is {said}."]})
            for who, said in (("Student A", first), ("Student B", second))
            for rule in model.rules
            if who in rule.when and "You are Student" in rule.when
        ]
        kept = [rule for rule in model.rules if not any(rule.when == other.when for other in rules)]
        models[name] = model.model_copy(update={"rules": [*rules, *kept]})
    on = stage("debate", pool.model_copy(update={"models": models}))
    made: LessonPlan = plan_for(on.scenario, on.pool, seed=APPLES, candidates=0, run_id="run1")
    with LogWriter(path) as log:
        log.begin_run(RUN)
        log.plan_round("run1", [made], [])
        log.finish_lesson(asyncio.run(play_lesson(on, made)))


@pytest.mark.parametrize(
    ("first", "second", "vote", "voters"),
    [
        ("37", "37", "right", ("right", "right", "right")),
        ("37", "12", "right", ("right", "wrong", "right")),
        ("12", "12", "wrong", ("wrong", "wrong", "right")),
        ("12", "13", "split", ("wrong", "wrong", "right")),
    ],
)
def test_a_played_debate_is_counted_beside_the_vote(
    tmp_path: Path, first: str, second: str, vote: str, voters: tuple[str, ...]
) -> None:
    debate(tmp_path / "debate.db", first, second)
    (row,) = totals(open_log(tmp_path / "debate.db"), "run1").votes
    assert (row.scenario, row.vote, row.voters, row.conclusion, row.episodes) == ("debate", vote, voters, "right", 1)


def test_the_vote_is_as_it_stood_at_first_and_the_conclusion_as_it_counts(path: Path) -> None:
    def said(idx: int, attempt: int, detail: str) -> CheckResult:
        return CheckResult(name="majority", turn_idx=idx, passed=False, attempt=attempt, detail=detail)

    asked_again = (
        said(2, 1, "vote wrong of wrong, right, wrong: 1, 2, 1"),
        said(2, 2, "vote right of wrong, right, right: 1, 2, 2"),
    )
    too_long = (*asked_again, said(2, 3, "is 28,799 characters long; a turn may have 20,000"))
    not_checkable = (said(2, 1, "as most say: vote, of: 3"),)
    planned = plan(1)
    played = [
        episode(planned, slot, turns=(turn(2, attempts=len(checks)),), checks=checks)
        for slot, checks in enumerate((asked_again, too_long, not_checkable))
    ]
    ledger_of(path, *played)
    (row,) = totals(open_log(path), "run1").votes
    assert row.model_dump() == {
        "scenario": "correction", "vote": "wrong", "voters": ("wrong", "right", "wrong"), "conclusion": "right",
        "episodes": 2,
    }  # fmt: skip
