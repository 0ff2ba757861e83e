"""Whole runs on the scripted pool: rounds, selection from the log, resuming, and seeds that add up."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from master_autogen.embedding import HashingEmbedder
from master_autogen.errors import UserError
from master_autogen.grading.quality import read_rubric
from master_autogen.log import get_run, lesson_rows, open_log, round_rewards, run_lessons, selection_history
from master_autogen.pipeline import AlreadyFinished, Inputs, run
from master_autogen.pipeline.inputs import split_rounds
from master_autogen.pool import Scorers
from master_autogen.records import Call, Lesson, Pair, Seed
from master_autogen.scenario import read_scenario
from tests.kit import ESSAY, scripted_pool

THINGS = (
    ("box", "nails"), ("garden", "roses"), ("shelf", "books"), ("train", "people"), ("jar", "coins"), ("farm", "hens"),
    ("bag", "shells"), ("album", "stamps"), ("pond", "ducks"), ("crate", "melons"),
)  # fmt: skip


def sums(count: int) -> list[Seed]:
    made = []
    for i in range(count):
        a, b = 13 + 7 * i, 29 + 3 * i
        place, things = THINGS[i % len(THINGS)]
        made.append(
            Seed(
                instruction=f"The {place} has {a} {things} and gets {b} more. How many {things} are there now?",
                response=f"The {place} has {a} and gets {b}, so {a} + {b} = {a + b} {things}. The answer is {a + b}.",
                answer=str(a + b),
                kind="math",
            )
        )
    return made


def inputs(seeds: Sequence[Seed], **changes: Any) -> Inputs:
    made: dict[str, Any] = {
        "scenarios": [read_scenario(name) for name in ("error_correction", "debate", "analogical_reasoning")],
        "pool": scripted_pool(),
        "seeds": seeds,
        "rubric": read_rubric("pairwise"),
        "rounds": 2,
        "candidates": 2,
    }
    return Inputs(**(made | changes))


class Stop:
    """A watcher that stops the run after so many calls, as Ctrl-C would."""

    def __init__(self, after: int) -> None:
        self.left = after
        self.calls = 0

    def run_begun(self, run_id: str, resumed: bool) -> None: ...

    def round_planned(self, number: int, rounds: int, lessons: int) -> None: ...

    def lesson_ended(self, lesson: Lesson) -> None: ...

    def warned(self, text: str) -> None: ...

    def call_ended(self, call: Call) -> None:
        self.calls += 1
        self.left -= 1
        if self.left == 0:
            task = asyncio.current_task()
            assert task is not None
            _main.cancel()


_main: asyncio.Task[Any]


async def play(path: Path, what: Inputs, **more: Any) -> Any:
    global _main
    _main = asyncio.create_task(run(what, path, environ={}, **{"embedder": HashingEmbedder(), **more}))
    return await _main


def lessons_of(path: Path, run_id: str) -> list[Lesson]:
    db = open_log(path)
    try:
        return list(run_lessons(db, run_id))
    finally:
        db.close()


async def test_a_run_adds_up(tmp_path: Path) -> None:
    seeds = [*sums(12), ESSAY]
    done = await play(tmp_path / "log.db", inputs(seeds, limit=10))
    assert done.seeds_in == 13
    assert done.seeds_played + sum(done.not_played.values()) == 13
    lessons = lessons_of(tmp_path / "log.db", done.run_id)
    assert {lesson.plan.scenario for lesson in lessons} == {"error_correction", "debate", "analogical_reasoning"}
    assert {lesson.plan.seed.id for lesson in lessons} <= {seed.id for seed in seeds}
    assert len({lesson.plan.seed.id for lesson in lessons}) == done.seeds_played
    assert all(len(lesson.episodes) == 3 for lesson in lessons)
    assert all((lesson.status == "accepted") == (lesson.selected_episode_id is not None) for lesson in lessons)


async def test_selection_is_eq_8_over_the_rows_of_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    done = await play(path, inputs(sums(12), rule="paper", beta=0.1))
    db = open_log(path)
    history = selection_history(db, done.run_id)
    topics = {(row.scenario, row.task_type) for row in history}
    assert {row.round for row in history} == {1, 2, 3}
    for scenario, kind in topics:
        for number in (1, 2):
            before = {r.pair: r.probability for r in history if (r.scenario, r.round) == (scenario, number)}
            after = {r.pair: r.probability for r in history if (r.scenario, r.round) == (scenario, number + 1)}
            if number == 1:
                assert set(before.values()) <= {0.25}
            for reward in round_rewards(db, done.run_id, number):
                if (reward.scenario, reward.task_type) == (scenario, kind):
                    before[reward.pair] += 0.1 * reward.reward
                    total = sum(before.values())
                    before = {pair: p / total for pair, p in before.items()}
            assert after == pytest.approx(before), (scenario, number)
    db.close()


async def test_selection_learns_who_solves(tmp_path: Path) -> None:
    """The hasty student's answers are verifiably wrong: its pairs earn nothing, and their probability falls."""
    path = tmp_path / "log.db"
    done = await play(path, inputs(sums(30), scenarios=[read_scenario("error_correction")], rounds=3, beta=0.2))
    db = open_log(path)
    last = {r.pair: r.probability for r in selection_history(db, done.run_id) if r.round == 4}
    db.close()
    careful = sum(p for pair, p in last.items() if pair.response == "student_careful")
    assert careful > 0.9
    assert last[Pair(instruction="teacher_one", response="student_hasty")] < 0.05


async def test_the_same_inputs_are_cast_and_played_the_same(tmp_path: Path) -> None:
    one = await play(tmp_path / "one.db", inputs(sums(8)), concurrency=1)
    two = await play(tmp_path / "two.db", inputs(sums(8)), concurrency=7)
    assert one.run_id == two.run_id
    assert lessons_of(tmp_path / "one.db", one.run_id) == lessons_of(tmp_path / "two.db", two.run_id)
    other = await play(tmp_path / "other.db", inputs(sums(8), random_seed=1))
    assert other.run_id != one.run_id


async def test_half_of_the_casts_come_from_the_memory_bank_once_it_knows_something(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    what = inputs(sums(30), scenarios=[read_scenario("error_correction")], rounds=3, candidates=4)
    done = await play(path, what)
    drawn: dict[int, list[str]] = {}
    remembered = []
    for lesson in lessons_of(path, done.run_id):
        casts = [episode.cast for episode in lesson.episodes if not episode.is_base]
        drawn.setdefault(lesson.plan.round, []).extend(cast.origin for cast in casts)
        remembered += [cast for cast in casts if cast.origin == "memory_bank"]
    assert set(drawn[1]) == {"selection"}
    assert drawn[3].count("memory_bank") == drawn[3].count("selection") == 20
    assert all(cast.probability is not None and cast.probability > 0 for cast in remembered)
    # The hasty student's answers are wrong: the bank has seen its losses and draws the careful one more than half the time.
    careful = sum(cast.pair.response == "student_careful" for cast in remembered)
    assert careful > 0.7 * len(remembered)


@pytest.mark.parametrize("after", [1, 17, 60, 110])
async def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path, after: int) -> None:
    whole = Stop(10**9)
    done = await play(tmp_path / "whole.db", inputs(sums(8)), watcher=whole)
    path = tmp_path / "log.db"
    cut = Stop(after)
    with pytest.raises(asyncio.CancelledError):
        await play(path, inputs(sums(8)), watcher=cut, concurrency=2)
    db = open_log(path)
    assert get_run(db).status == "stopped"
    db.close()
    rest = Stop(10**9)
    again = await play(path, inputs(sums(8)), watcher=rest)
    assert (again.run_id, again.resumed) == (done.run_id, True)
    assert lessons_of(path, again.run_id) == lessons_of(tmp_path / "whole.db", done.run_id)
    in_flight = 2 * 3 * 2  # lessons, episodes, and both orders of a verdict
    assert whole.calls <= cut.calls + rest.calls <= whole.calls + in_flight


async def test_a_finished_run_is_not_played_again_unasked(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    done = await play(path, inputs(sums(4)))
    with pytest.raises(AlreadyFinished) as caught:
        await play(path, inputs(sums(4)))
    assert caught.value.run_id == done.run_id
    again = await play(path, inputs(sums(4)), new=True)
    assert again.run_id == f"{done.run_id}-2"
    db = open_log(path)
    rows = [len(lesson_rows(db, run_id)) for run_id in (done.run_id, again.run_id)]
    db.close()
    assert rows[0] == rows[1] > 0
    await play(path, inputs(sums(4)), new=True)
    with pytest.raises(AlreadyFinished) as caught:
        await play(path, inputs(sums(4)))
    assert caught.value.run_id == f"{done.run_id}-3"  # the last that was played


def test_a_seed_with_another_answer_or_kind_makes_another_run() -> None:
    mended = [ESSAY.model_copy(update=change) for change in ({}, {"answer": "12"}, {"kind": "math"})]
    assert len({seed.id for seed in mended}) == 1
    assert len({inputs([seed]).identity() for seed in mended}) == 3


async def test_base_pairs_take_turns_in_every_scenario(tmp_path: Path) -> None:
    pool = scripted_pool()
    pool = pool.model_copy(update={"base_pairs": pool.pairs[:2]})
    what = inputs(sums(4), pool=pool, scenarios=[read_scenario("error_correction"), read_scenario("debate")], rounds=1)
    done = await play(tmp_path / "log.db", what)
    bases = [
        (lesson.plan.scenario, lesson.episodes[0].cast.pair) for lesson in lessons_of(tmp_path / "log.db", done.run_id)
    ]
    assert Counter(bases) == {
        (scenario, pair): 2 for scenario in ("error_correction", "debate") for pair in pool.base_pairs
    }


async def test_without_candidates_there_is_a_base_and_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    done = await play(path, inputs(sums(4), candidates=0))
    lessons = lessons_of(path, done.run_id)
    assert all(len(lesson.episodes) == 1 for lesson in lessons)
    reasons = {grade.missing_reason for lesson in lessons for grade in lesson.grades}
    assert reasons == {"no_candidates"}
    assert all(grade.pi is None for lesson in lessons for grade in lesson.grades)


def test_rounds_share_the_seeds_out() -> None:
    seeds = sums(7)
    assert [len(part) for part in split_rounds(seeds, 2, None)] == [4, 3]
    assert [len(part) for part in split_rounds(seeds, None, 3)] == [3, 3, 1]
    assert [len(part) for part in split_rounds(seeds, 2, 3)] == [3, 3]
    assert [len(part) for part in split_rounds(sums(101), None, None)] == [100, 1]
    with pytest.raises(UserError, match=r"^3 rounds need at least 3 seeds; 2 can be played$"):
        split_rounds(seeds[:2], 3, None)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rule": "luck"}, "no selection rule 'luck'; there are: paper, thompson, thompson-cost, uniform"),
        ({"beta": float("inf")}, "beta is inf: it has to be over 0 and at most 1,000,000"),
        ({"beta": float("nan")}, "beta is nan: it has to be over 0 and at most 1,000,000"),
        ({"beta": 0.0}, "beta is 0: it has to be over 0 and at most 1,000,000"),
        ({"floor": float("nan")}, "floor is nan: it is a share, from 0 to 1"),
        ({"random_seed": 2**63}, f"the random seed {2**63} is too long for the log, which holds 64 bits"),
        ({"scenarios": []}, "no scenario to play"),
        ({"scenarios": [read_scenario("debate")] * 2}, "scenario 'debate' is named twice"),
        (
            {"pool": scripted_pool(fixed={})},
            "pool 'scripted' has nobody for the role 'slow_student' of scenario 'error_correction': name an agent under "
            "`fixed`, as in `fixed: {slow_student: teacher_one}`",
        ),
        (
            {"scenarios": [read_scenario("rewriting")]},
            "none of the 4 seeds can be played: rewriting plays no seeds of kind math (4)",
        ),
    ],
)
async def test_what_cannot_be_played_is_said_before_anything_is_written(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError) as caught:
        await run(inputs(sums(4), **changes), tmp_path / "log.db", environ={})
    assert str(caught.value) == message
    assert not (tmp_path / "log.db").exists()


async def test_difficulty_is_scaled_by_the_gaps_of_earlier_rounds(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    outcome = await play(path, inputs(sums(8), candidates=3))
    lessons = lessons_of(path, outcome.run_id)
    first = [g for lesson in lessons if lesson.plan.round == 1 for g in lesson.grades]
    gaps = [g.ifd_small - g.ifd_large for g in first if g.ifd_small is not None and g.ifd_large is not None]
    assert sum(g > 0 for g in gaps) >= 20
    scale = float(np.quantile([g for g in gaps if g > 0], 0.95))
    assert {g.detail["scale"] for g in first} == {"lesson"}
    second = [g for lesson in lessons if lesson.plan.round == 2 for g in lesson.grades]
    assert [g.detail["scale"] for g in second] == [pytest.approx(scale)] * len(second)
    for g in second:
        assert g.ifd_small is not None
        assert g.ifd_large is not None
        assert g.pi_dual == pytest.approx(min(1.0, max(0.0, g.ifd_small - g.ifd_large) / scale))


async def test_the_papers_normaliser_is_another_run_and_its_rewards_stay_probabilities(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    pool = scripted_pool(scorers=Scorers(small="careful", large="hasty"))
    usual, paper = (
        inputs(sums(6), pool=pool, candidates=2, rounds=1, normaliser=name) for name in ("running", "paper")
    )
    assert usual.identity() != paper.identity()
    outcome = await play(path, paper)
    found = [g.pi for lesson in lessons_of(path, outcome.run_id) for g in lesson.grades if g.pi is not None]
    assert max(found) > 1  # what eq. 5 gives to the letter where no gap is positive
    db = open_log(path)
    assert all(0 <= row.probability <= 1 for row in selection_history(db, outcome.run_id))
    config = get_run(db, outcome.run_id).config
    db.close()
    assert (config["normaliser"], config["judge_shares_family"]) == ("paper", ["scripted"])
    with pytest.raises(UserError, match="no normaliser 'mine'; there are: running, paper"):
        await play(path, inputs(sums(8), normaliser="mine"))


async def test_the_number_of_candidates_falls_as_selection_grows_sure(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    what = inputs(
        sums(40),
        scenarios=[read_scenario("error_correction")],
        candidates="auto",
        rule="thompson",
        rounds=4,
        pool=scripted_pool(instruction=["teacher_one"], judge="verifier", scorers=Scorers(small="hasty")),
        rubric=None,
    )
    done = await play(path, what)
    by_round: dict[int, set[int]] = {}
    for lesson in lessons_of(path, done.run_id):
        by_round.setdefault(lesson.plan.round, set()).add(len(lesson.episodes) - 1)
    assert by_round[1] == {5}
    assert all(len(counts) == 1 for counts in by_round.values())  # one number a round: it is frozen at its start
    assert min(by_round[4]) < 5
