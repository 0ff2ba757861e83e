"""The selection rules over many runs at once. Thompson's arithmetic is the package's own; eq. 8 and prices have twins
here that work on arrays (`tests/test_selection_benchmark.py` holds them against the package's)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from worlds import ARMS, SIDE, Floats, Ints

from master_autogen.records import Pair
from master_autogen.selection import FLOOR
from master_autogen.selection.changes import CHANGE, Memory
from master_autogen.selection.gaussian import best_shares, normals, posterior, posterior_draws, prior
from master_autogen.selection.thompson import CHEAPEST, per_cost

PAIRS = [Pair(instruction=f"instruction {j}", response=f"response {k}") for j in range(SIDE) for k in range(SIDE)]
STREAMS_AT_ONCE = 10  # so that their posterior draws stay in the processor's cache
STEPS_AT_ONCE = 500  # of eq. 8 without scaling to 1


class Player(Protocol):
    """One rule over `streams`; a round is told as (streams, rewards) arrays in lesson order, NaN for no reward."""

    def probabilities(self) -> Floats:
        """The distribution of the next round, (streams, arms)."""
        ...

    def fold(self, arms: Ints, rewards: Floats, costs: Floats) -> None: ...


class Uniform:
    def __init__(self, streams: int) -> None:
        self._streams = streams

    def probabilities(self) -> Floats:
        return np.full((self._streams, ARMS), 1 / ARMS)

    def fold(self, arms: Ints, rewards: Floats, costs: Floats) -> None:
        """Learns nothing."""


class Paper:
    """Eq. 8. Not scaled after each step, the weights grow as p_a <- p_a + beta * pi * (their sum so far)."""

    def __init__(self, streams: int, beta: float) -> None:
        self._p = np.full((streams, ARMS), 1 / ARMS)
        self._beta = beta

    def probabilities(self) -> Floats:
        return self._p

    def fold(self, arms: Ints, rewards: Floats, costs: Floats) -> None:
        for begin in range(0, arms.shape[1], STEPS_AT_ONCE):
            steps = self._beta * np.nan_to_num(rewards[:, begin : begin + STEPS_AT_ONCE])
            before = np.cumprod(1 + steps, axis=1) / (1 + steps)
            grown = self._p + _by_arm(arms[:, begin : begin + STEPS_AT_ONCE], steps * before)
            self._p = grown / grown.sum(1, keepdims=True)


class Thompson:
    """`change`: how much evidence makes a change; infinite is no change detection. `by_cost`: reward per dollar."""

    def __init__(self, streams: int, *, change: float = CHANGE, by_cost: bool = False) -> None:
        self._prior = prior(PAIRS)
        self._by_cost = by_cost
        self._spent, self._played = np.zeros((2, streams, ARMS))
        self._round = 1
        self.memory = Memory(self._prior, streams, change=change)

    def probabilities(self) -> Floats:
        sums = self.memory.known()
        if not sums.pulls.any():
            return np.full(sums.pulls.shape, 1 / ARMS)
        mean, covariance = posterior(sums, self._prior)
        numbers = normals(ARMS, *self.key(self._round))
        made = np.zeros_like(mean)
        for begin in range(0, len(mean), STREAMS_AT_ONCE):
            some = slice(begin, begin + STREAMS_AT_ONCE)
            worth = posterior_draws(mean[some], covariance[some], numbers)
            made[some] = best_shares(per_cost(worth, self.prices()[some], FLOOR) if self._by_cost else worth)
        # A stream that has seen nothing yet, of a task type that is still to come, is cast uniformly.
        return np.where(sums.pulls.any(1, keepdims=True), made, 1 / ARMS)

    @staticmethod
    def key(number: int) -> tuple[object, ...]:
        """What the posterior draws of a round hang on: runs share them, rounds do not."""
        return ("benchmark", number)

    def fold(self, arms: Ints, rewards: Floats, costs: Floats) -> None:
        self.memory.fold(arms, rewards)
        there = ~np.isnan(rewards)
        self._spent += _by_arm(arms, np.where(there, costs, 0.0))
        self._played += _by_arm(arms, there.astype(float))
        self._round += 1

    def prices(self) -> Floats:
        """The mean cost of each arm; for one never played that of the arms which share an agent with it."""
        known = self._played > 0
        means = np.where(known, self._spent / np.maximum(self._played, 1), 0.0)
        side = np.arange(ARMS) // SIDE, np.arange(ARMS) % SIDE
        kin = (side[0][:, None] == side[0]) | (side[1][:, None] == side[1])
        by_kin = means @ kin / np.maximum(known @ kin.astype(float), 1)
        prices = np.where(
            known,
            means,
            np.where(by_kin > 0, by_kin, means.sum(1, keepdims=True) / np.maximum(known.sum(1), 1)[:, None]),
        )
        return np.maximum(prices, CHEAPEST * means.max(1, keepdims=True))


def _by_arm(arms: Ints, amounts: Floats) -> Floats:
    """The sum of `amounts` for each arm, (streams, arms)."""
    streams = len(arms)
    places = (arms + ARMS * np.arange(streams)[:, None]).ravel()
    return np.bincount(places, weights=amounts.ravel(), minlength=streams * ARMS).reshape(streams, ARMS)
