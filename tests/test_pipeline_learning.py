"""What a run keeps from round to round: the same as the log tells anew, and read once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from master_autogen.log import Database, Taught, open_log, taught
from master_autogen.pipeline import learning, rounds
from master_autogen.pipeline.learning import Learner
from master_autogen.records import LessonPlan
from master_autogen.scenario import read_scenario
from tests.test_pipeline import Stop, inputs, lessons_of, play, sums

WHAT: dict[str, Any] = {
    "scenarios": [read_scenario("error_correction"), read_scenario("debate")],
    "seeds_per_round": 4,
    "rounds": None,
}


@pytest.mark.parametrize("rule", ["paper", "thompson"])
async def test_what_is_kept_is_what_the_log_tells_anew(tmp_path: Path, rule: str) -> None:
    path, what = tmp_path / "log.db", inputs(sums(20), rule=rule, **WHAT)
    done = await play(path, what)
    kept = Learner(what, path, done.run_id)
    for number in range(1, 7):
        grown, anew = kept.learn(number), Learner(what, path, done.run_id).learn(number)
        assert grown == anew
        assert Learner(what, path, done.run_id).scales(number) == grown.scales
        assert grown.rows(list(grown.arms), what, "r", number) == anew.rows(list(anew.arms), what, "r", number)
    assert sum(arm.pulls for arms in grown.arms.values() for arm in arms) > 40
    assert grown.scales


async def test_every_row_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows: Counter[int] = Counter()
    asked: list[int] = []

    def counted(*args: Any, since: int, before: int) -> Iterator[Taught]:
        asked.append(since)
        for row in taught(*args, since=since, before=before):
            rows[since] += 1
            yield row

    monkeypatch.setattr(learning, "taught", counted)
    path = tmp_path / "log.db"
    done = await play(path, inputs(sums(20), **WHAT))
    assert asked == [1, 2, 3, 4, 5]  # the last for the selection that the run leads to
    db = open_log(path)
    assert rows.total() == len(list(taught(db, done.run_id, before=6)))
    db.close()


async def test_a_resumed_run_plans_no_round_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The round that it was stopped in is read from the log, and those before it are not looked at."""
    planned: list[int] = []
    read: list[int] = []
    plan_lesson, planned_round = rounds.plan_lesson, rounds.planned_round

    def counted(*args: Any, number: int, **more: Any) -> LessonPlan:
        planned.append(number)
        return plan_lesson(*args, number=number, **more)

    def noted(db: Database, run_id: str, number: int) -> list[LessonPlan]:
        read.append(number)
        return planned_round(db, run_id, number)

    whole = await play(tmp_path / "whole.db", inputs(sums(20), **WHAT))
    path = tmp_path / "log.db"
    with pytest.raises(asyncio.CancelledError):
        await play(path, inputs(sums(20), **WHAT), watcher=Stop(800), concurrency=2)
    begun = {lesson.plan.round for lesson in lessons_of(path, whole.run_id)}
    assert 2 < max(begun) < 5
    monkeypatch.setattr(rounds, "plan_lesson", counted)
    monkeypatch.setattr(rounds, "planned_round", noted)
    again = await play(path, inputs(sums(20), **WHAT))
    assert Counter(planned) == dict.fromkeys(range(max(begun) + 1, 6), 8)
    assert read == [max(begun)]
    assert (again.seeds_played, again.not_played) == (20, {})
    assert lessons_of(path, again.run_id) == lessons_of(tmp_path / "whole.db", whole.run_id)


async def test_seeds_that_found_no_similar_question_are_counted_once_more_when_a_run_goes_on(tmp_path: Path) -> None:
    """Four copies of one question among others: copies are never drawn for one another."""
    what = inputs(sums(9), scenarios=[read_scenario("analogical_reasoning")], seeds_per_round=1, rounds=None, limit=3)
    whole = await play(tmp_path / "whole.db", what)
    path = tmp_path / "log.db"
    with pytest.raises(asyncio.CancelledError):
        await play(path, what, watcher=Stop(40), concurrency=1)
    again = await play(path, what)
    assert (again.seeds_played, again.not_played) == (whole.seeds_played, whole.not_played)
