"""Thompson's rules in whole runs: a function of the log's rows, priced by what the calls of the log cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from master_autogen.log import open_log, round_rewards, selection_history, taught
from master_autogen.pool import Price
from master_autogen.records import Pair, SelectionRow
from master_autogen.scenario import read_scenario
from master_autogen.selection import RULES, Past
from tests.kit import scripted_pool
from tests.test_pipeline import inputs, play, sums

POOL = scripted_pool()
PRICED = scripted_pool(
    models={
        name: model.model_copy(update={"price": Price(prompt=1.0, completion=2.0)})
        for name, model in POOL.models.items()
    }
)


async def run(path: Path, rule: str, **changes: Any) -> tuple[list[SelectionRow], Any]:
    what = {"rule": rule, "rounds": 3, "scenarios": [read_scenario("error_correction")], "random_seed": 5}
    done = await play(path, inputs(sums(24), **(what | changes)))
    db = open_log(path)
    return selection_history(db, done.run_id), (db, done.run_id)


@pytest.mark.parametrize(("rule", "pool"), [("thompson", POOL), ("thompson-cost", PRICED)])
async def test_each_round_is_a_function_of_the_rows_before_it(tmp_path: Path, rule: str, pool: Any) -> None:
    history, (db, run_id) = await run(tmp_path / "log.db", rule, pool=pool)
    arm = {pair: i for i, pair in enumerate(pool.pairs)}
    assert {row.rule for row in history} == {rule}
    for number in (1, 2, 3, 4):
        rounds = [[(arm[r.pair], r.reward) for r in round_rewards(db, run_id, n)] for n in range(1, number)]
        costs = [
            (arm[Pair(instruction=row.instruction, response=row.response)], row.cost)
            for row in taught(db, run_id, before=number)
            if row.cost is not None
        ]
        assert bool(costs) == (rule == "thompson-cost" and number > 1)
        past = Past(pool.pairs, rounds, costs, key=(5, "error_correction", "math", number))
        cast = {row.pair: row.probability for row in history if row.round == number}
        assert [cast[pair] for pair in pool.pairs] == RULES[rule](past).probabilities
    db.close()


async def test_the_floor_of_the_run_is_the_floor_of_its_rule(tmp_path: Path) -> None:
    """Prices do not count where only the best reward will do: the cast is that of `thompson`."""
    by_floor = {}
    for floor in (0.0, 1.0):
        history, (db, _) = await run(tmp_path / f"{floor}.db", "thompson-cost", pool=PRICED, floor=floor)
        db.close()
        by_floor[floor] = {row.pair: row.probability for row in history if row.round == 2}
    history, (db, _) = await run(tmp_path / "thompson.db", "thompson", pool=PRICED)
    db.close()
    assert by_floor[1.0] == {row.pair: row.probability for row in history if row.round == 2} != by_floor[0.0]


async def test_the_intervals_and_the_note_are_in_the_log(tmp_path: Path) -> None:
    history, (db, _) = await run(tmp_path / "log.db", "thompson-cost")
    db.close()
    assert all(row.low is None and row.note is None for row in history if row.round == 1)
    later = [row for row in history if row.round > 1]
    assert all(row.low is not None and row.high is not None and row.low < row.high for row in later)
    assert {(row.note or "").split(" for ")[1].split("; ")[0][:6] for row in later} == {"was th"}


async def test_thompson_learns_who_solves(tmp_path: Path) -> None:
    """The hasty student's answers are verifiably wrong: its pairs earn nothing, and are cast no more."""
    history, (db, _) = await run(tmp_path / "log.db", "thompson")
    db.close()
    last = {row.pair: row.probability for row in history if row.round == 4}
    assert sum(p for pair, p in last.items() if pair.response == "student_hasty") < 0.01


async def test_without_prices_the_log_names_the_rule_that_cast_in_fact(tmp_path: Path) -> None:
    history, (db, _) = await run(tmp_path / "log.db", "thompson-cost")
    db.close()
    assert {(row.round, row.rule) for row in history} == {(1, "thompson-cost"), *((n, "thompson") for n in (2, 3, 4))}
