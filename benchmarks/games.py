"""One rule played through one world as the pipeline would: rounds of fresh seeds, candidates drawn from probabilities
that stay as they are until the round is over, then all its rewards folded at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from players import Paper, Player, Thompson, Uniform
from worlds import CANDIDATES, Block, Floats, Ints, World, luck, make, play

from master_autogen.selection import FLOOR, enough
from master_autogen.selection.changes import CHANGE

NEAR = 0.95
"""A pair worth this share of the best one counts as found."""
STEP = 50
"""Seeds between two points of a curve."""


class Game(NamedTuple):
    """What to play. `beta` is for the paper's rule alone."""

    world: str
    rule: str
    beta: float | None
    per_round: int
    runs: int
    seeds: int
    random_seed: int


class Score(NamedTuple):
    """What came of a game, one row a run.

    Added up to every fiftieth seed: `regret`, what the drawn pairs' value fell short of the best pair's, which counts
    1; `kept`, the quality of the accepted samples; `spent`, the cost of all. At the end: `near`, the share of task
    types whose likeliest pair is near the best; `value`, that of the pairs drawn for the last tenth of the seeds;
    `changes` found; `candidates` a lesson; `below`, how often a pair is cast that is worth less than the floor.
    """

    regret: Floats
    kept: Floats
    spent: Floats
    near: Floats
    value: Floats
    changes: Floats
    candidates: Floats
    below: Floats


class _Round(NamedTuple):
    """Per run and seed."""

    regret: Floats
    kept: Floats
    spent: Floats
    candidates: Floats


def simulate(game: Game) -> Score:
    """Play `game`: a function of its fields alone."""
    world = make(game.world, game.runs, game.random_seed, game.seeds)
    types = world.kind.types
    streams = 1 if game.rule == "paper-pooled" else types
    rule = _player(game, game.runs * streams)
    rounds: list[_Round] = []
    for number, begin in enumerate(range(0, game.seeds, game.per_round)):
        seeds = np.arange(begin, min(begin + game.per_round, game.seeds))
        block = luck(world, number, len(seeds))
        phases = (seeds >= world.changes_at[:, None]).astype(np.intp)
        p = np.repeat(_by_run(rule.probabilities(), game.runs), types // streams, axis=1)
        arms, there = _draw(p, block, auto=game.rule == "thompson-auto")
        played = play(world, block, phases, arms)
        rewards = np.where(there, played.reward, np.nan)
        rule.fold(*_by_stream(block.types, streams, arms, rewards, played.cost))
        rounds.append(
            _Round(
                _regret(world, block, phases, p),
                _kept(rewards, played.quality),
                np.where(there, played.cost, 0.0).sum(-1),
                there.sum(-1).astype(float),
            )
        )
    regret, kept, spent, candidates = (np.concatenate(part, axis=1) for part in zip(*rounds, strict=True))
    p = np.repeat(_by_run(rule.probabilities(), game.runs), types // streams, axis=1)
    value = world.value[:, :, -1] / world.value[:, :, -1].max(-1, keepdims=True)
    favourite = np.take_along_axis(value, p.argmax(-1)[..., None], -1)[..., 0]
    return Score(
        *(part.cumsum(1)[:, STEP - 1 :: STEP] for part in (regret, kept, spent)),
        (favourite >= NEAR).mean(1),
        1 - regret[:, -(game.seeds // 10) :].mean(1),
        _by_run(rule.memory.changes, game.runs).sum(1) if isinstance(rule, Thompson) else np.zeros(game.runs),
        candidates.mean(1),
        (p * (value < 0.99 * FLOOR)).sum(-1).mean(1),
    )


def _player(game: Game, streams: int) -> Player:
    if game.rule == "uniform":
        return Uniform(streams)
    if game.rule.startswith("paper"):
        assert game.beta is not None, "the paper's rule needs a beta"
        return Paper(streams, game.beta)
    change = np.inf if game.rule == "thompson-blind" else CHANGE
    return Thompson(streams, change=change, by_cost=game.rule == "thompson-cost")


def _by_run(values: NDArray[np.generic], runs: int) -> Floats:
    """(runs x streams, …) as (runs, streams, …)."""
    return values.reshape(runs, -1, *values.shape[1:])


def _draw(p: Floats, block: Block, *, auto: bool) -> tuple[Ints, NDArray[np.bool_]]:
    """Each candidate's arm, and which candidates there are; (runs, seeds, candidates)."""
    runs = np.arange(len(p))[:, None]
    bounds = p.cumsum(-1)[runs, block.types]
    arms = (block.uniform[..., None] >= bounds[:, :, None, :-1]).sum(-1)
    if not auto:
        return arms, np.ones(arms.shape, dtype=bool)
    counts = np.array([[enough(row, most=CANDIDATES) for row in run] for run in p.tolist()])
    return arms, np.arange(CANDIDATES) < counts[runs, block.types][..., None]


def _by_stream(types: Ints, streams: int, arms: Ints, rewards: Floats, costs: Floats) -> tuple[Ints, Floats, Floats]:
    """The round as each run's streams see it: rewards of other task types are none. (runs x streams, candidates)"""
    runs = len(arms)
    shape = (runs, streams, *arms.shape[1:])
    own = (types[:, None] == np.arange(streams)[:, None]) | (streams == 1)
    seen = np.where(own[..., None], rewards[:, None], np.nan)
    arms, costs = (np.broadcast_to(part[:, None], shape) for part in (arms, costs))
    first, second, third = (part.reshape(runs * streams, -1) for part in (arms, seen, costs))
    return first, second, third


def _regret(world: World, block: Block, phases: Ints, p: Floats) -> Floats:
    """What each seed's draws are expected to lose: the luck of the draw itself is left out."""
    runs = np.arange(world.runs)[:, None]
    value = world.value / world.value.max(-1, keepdims=True)
    expected = np.einsum("rta,rtpa->rtp", p, value)
    return 1 - expected[runs, block.types, phases]


def _kept(rewards: Floats, quality: Floats) -> Floats:
    """The true quality of each seed's sample with the highest reward; 0 where no reward is above 0."""
    rewards = np.nan_to_num(rewards)
    best = rewards.argmax(-1)[..., None]
    accepted = np.take_along_axis(rewards, best, -1)[..., 0] > 0
    return np.where(accepted, np.take_along_axis(quality, best, -1)[..., 0], 0.0)
