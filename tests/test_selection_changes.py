"""Change detection: a planted change is found and forgotten up to, and nothing is found where nothing changes."""

import numpy as np
import pytest

from master_autogen.records import Pair
from master_autogen.selection import RULES, Past
from master_autogen.selection.changes import CHUNK, Memory
from master_autogen.selection.gaussian import prior
from master_autogen.selection.thompson import recall

PAIRS = [Pair(instruction=i, response=r) for i in ("kind", "strict") for r in ("hasty", "careful")]
BEFORE, AFTER = np.array([0.7, 0.4, 0.5, 0.2]), np.array([0.2, 0.5, 0.4, 0.7])


def rewards(means: np.ndarray, streams: int, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Arms at random and verdicts of 0, 0.5 or 1 with these means."""
    rng = np.random.default_rng(seed)
    arms = rng.integers(0, len(means), (streams, count))
    return arms, (rng.binomial(2, means[arms]) / 2).astype(float)


@pytest.mark.parametrize("per_round", [25, 100, 500])
def test_nothing_is_found_where_nothing_changes(per_round: int) -> None:
    memory = Memory(prior(PAIRS), streams=40)
    for number in range(40):
        memory.fold(*rewards(BEFORE, 40, per_round, number))
    assert memory.changes.tolist() == [0] * 40
    assert memory.known().pulls.sum(1).tolist() == [40.0 * per_round] * 40


@pytest.mark.parametrize("per_round", [25, 100, 500])
def test_a_planted_change_is_found_and_only_what_came_after_is_kept(per_round: int) -> None:
    memory = Memory(prior(PAIRS), streams=40)
    for number in range(20):
        memory.fold(*rewards(BEFORE, 40, per_round, number))
    for number in range(20, 30):
        memory.fold(*rewards(AFTER, 40, per_round, number))
    assert memory.changes.tolist() == [1] * 40
    known = memory.known()
    after = 10 * per_round  # found where it was, give or take the distance of two places to look at
    assert np.abs(known.pulls.sum(1) - after).max() <= max(per_round, CHUNK)
    assert (known.totals / known.pulls).mean(0) == pytest.approx(AFTER, abs=0.05)


def test_a_change_within_a_round_is_found_within_it() -> None:
    memory = Memory(prior(PAIRS))
    memory.fold(*rewards(BEFORE, 1, 1000, 1))
    first, second = rewards(BEFORE, 1, 200, 2), rewards(AFTER, 1, 400, 3)
    memory.fold(*(np.concatenate(parts, axis=1) for parts in zip(first, second, strict=True)))
    assert memory.changes.tolist() == [1]
    assert memory.known().pulls.sum() == 400


def test_streams_know_nothing_of_each_other() -> None:
    together = Memory(prior(PAIRS), streams=2)
    alone = [Memory(prior(PAIRS)), Memory(prior(PAIRS))]
    for number in range(12):
        arms, steady = rewards(BEFORE, 2, 100, number)
        changing = rewards(AFTER if number > 5 else BEFORE, 2, 100, number)[1]
        values = np.stack([steady[0], changing[1]])
        together.fold(arms, values)
        for stream in (0, 1):
            alone[stream].fold(arms[stream : stream + 1], values[stream : stream + 1])
    assert together.changes.tolist() == [0, 1]
    for column, *apart in zip(together.known(), *(memory.known() for memory in alone), strict=True):
        assert column == pytest.approx(np.concatenate(apart))


def test_no_reward_is_no_reward() -> None:
    arms, values = rewards(BEFORE, 1, 40, 0)
    gaps, whole = Memory(prior(PAIRS)), Memory(prior(PAIRS))
    holes = np.where(np.arange(40) % 2, np.nan, values)
    gaps.fold(arms, holes)
    whole.fold(arms[:, ::2], values[:, ::2])
    for column, other in zip(gaps.known(), whole.known(), strict=True):
        assert column == pytest.approx(other)


def test_thompson_turns_to_the_pair_that_became_the_best() -> None:
    rounds = []
    for number in range(16):
        arms, values = rewards(BEFORE if number < 10 else AFTER, 1, 100, number)
        rounds.append(list(zip(arms[0].tolist(), values[0].tolist(), strict=True)))
    settled = RULES["thompson"](Past(PAIRS, rounds[:10])).probabilities
    assert settled[0] > 0.99
    assert recall(Past(PAIRS, rounds)).changes.tolist() == [1]
    assert RULES["thompson"](Past(PAIRS, rounds)).probabilities[3] > 0.99
