"""The benchmark plays what the package does, its worlds are worth what it says, and Thompson wins where it has to."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from master_autogen.selection import RULES, Past, Rewards, paper, start
from master_autogen.selection.thompson import arm_prices

ROOT = Path(__file__).parent.parent


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import chart
    import games
    import players
    import worlds

    return {"chart": chart, "games": games, "players": players, "worlds": worlds}


def told(streams: int, count: int, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[Rewards]]:
    """A round as arrays with holes, and each stream's rewards as the rules of the package take them."""
    rng = np.random.default_rng(number)
    arms = rng.integers(0, 25, (streams, count))
    rewards = np.where(rng.random((streams, count)) < 0.1, np.nan, rng.random((streams, count)))
    listed = [
        [(int(arm), float(reward)) for arm, reward in zip(*both, strict=True) if not np.isnan(reward)]
        for both in zip(arms, rewards, strict=True)
    ]
    return arms, rewards, rng.random((streams, count)), listed


def test_the_papers_twin_is_equation_8(benchmarks: dict[str, ModuleType]) -> None:
    twin = benchmarks["players"].Paper(3, beta=0.05)
    expected = [start(25) for _ in range(3)]
    for number in range(3):
        arms, rewards, costs, listed = told(3, 700, number)
        twin.fold(arms, rewards, costs)
        expected = [paper(p, seen, beta=0.05) for p, seen in zip(expected, listed, strict=True)]
        assert twin.probabilities() == pytest.approx(np.array(expected))


@pytest.mark.parametrize("rule", ["thompson", "thompson-cost"])
def test_what_is_measured_is_the_packages_rule(benchmarks: dict[str, ModuleType], rule: str) -> None:
    players = benchmarks["players"]
    twin = players.Thompson(2, by_cost=rule == "thompson-cost")
    rounds: list[list[Rewards]] = [[], []]
    spent: list[list[tuple[int, float]]] = [[], []]
    for number in range(1, 4):
        arms, rewards, costs, listed = told(2, 60, number)
        for stream in (0, 1):
            past = Past(players.PAIRS, rounds[stream], spent[stream], key=twin.key(number))
            assert twin.probabilities()[stream].tolist() == pytest.approx(RULES[rule](past).probabilities)
            rounds[stream].append(listed[stream])
            paid = zip(arms[stream], rewards[stream], costs[stream], strict=True)
            spent[stream] += [(int(arm), float(cost)) for arm, reward, cost in paid if not np.isnan(reward)]
        twin.fold(arms, rewards, costs)


def test_the_prices_twin(benchmarks: dict[str, ModuleType]) -> None:
    players = benchmarks["players"]
    twin = players.Thompson(1)
    arms, costs = np.array([[0, 0, 7, 24]]), np.array([[0.01, 0.03, 0.5, 1.0]])
    twin.fold(arms, np.full((1, 4), 0.5), costs)
    past = Past(players.PAIRS, [[(arm, 0.5) for arm in (0, 0, 7, 24)]], list(zip(arms[0], costs[0], strict=True)))
    assert twin.prices()[0] == pytest.approx(np.array(arm_prices(past)))


@pytest.mark.parametrize("name", ["stationary", "three-types", "drift"])
def test_a_pair_is_worth_its_mean_reward(benchmarks: dict[str, ModuleType], name: str) -> None:
    worlds = benchmarks["worlds"]
    world = worlds.make(name, 1, 3, 5000)
    block = worlds.luck(world, 0, 40_000)
    last = world.value.shape[2] - 1
    for arm in (0, 11, 24):
        arms = np.full(block.uniform.shape, arm)
        played = worlds.play(world, block, np.full(block.types.shape, last), arms)
        own = block.types == 0
        assert played.reward[own].mean() == pytest.approx(world.value[0, 0, last, arm], abs=0.006)
        assert 0 <= played.reward.min() <= played.reward.max() <= 1


def test_agents_prices_are_forty_to_one(benchmarks: dict[str, ModuleType]) -> None:
    worlds = benchmarks["worlds"]
    price = worlds.make("cost", 200, 3, 500).price
    assert 0.1 <= price.min() < 0.2 < 3 < price.max() <= 4.0
    better = worlds.make("cost-quality", 50, 3, 500)
    ranks = [np.corrcoef(np.log(p), v)[0, 1] for p, v in zip(better.price, better.value[:, 0, 0], strict=True)]
    assert np.mean(ranks) > 0.7


def measured(*options: str, tmp_path: Path) -> dict[str, Any]:
    plot = tmp_path / "plot.svg"
    command = [sys.executable, "benchmarks/selection.py", "--json", "--plot", str(plot), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert plot.read_text(encoding="utf-8").startswith("<svg ")
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def test_thompson_beats_the_paper_where_worlds_stand_still_and_where_they_change(tmp_path: Path) -> None:
    """A small copy of the table that the README reports, with slack: 30 runs, 2,000 seeds, another random seed."""
    found = measured(
        *("--worlds", "stationary", "drift", "--repetitions", "30", "--seeds", "2000", "--seeds-per-round", "100"),
        *("--random-seed", "7", "--workers", "1"),
        tmp_path=tmp_path,
    )
    rows = {(row["world"], row["rule"]): row for row in found["results"]}
    still, drift = rows["stationary", "thompson"], rows["drift", "thompson"]
    assert still["ratio_to_paper"]["500"]["mean"] < 0.55
    assert still["ratio_to_paper"]["2000"]["mean"] < 0.5
    assert still["changes_found"] == 0
    assert still["ends_near_best"] > 0.8
    assert drift["ratio_to_paper"]["2000"]["mean"] < 0.6
    assert drift["changes_found"] > 0.7
    assert drift["regret"]["2000"]["mean"] < 0.7 * rows["drift", "thompson-blind"]["regret"]["2000"]["mean"]
    assert rows["stationary", "thompson-auto"]["candidates"] < 4 == rows["stationary", "thompson"]["candidates"] - 1
    assert rows["stationary", "paper"]["ratio_to_paper"]["2000"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert found["settings"]["headline_seeds_per_round"] == 100


def test_the_same_seed_measures_the_same(tmp_path: Path) -> None:
    options = ("--worlds", "cost", "--repetitions", "3", "--seeds", "500", "--seeds-per-round", "100", "--workers", "1")
    one, two = (measured(*options, tmp_path=tmp_path) for _ in range(2))
    assert one["results"] == two["results"]
    assert {target["world"] for target in one["targets"]["100"]} == {"cost"}
