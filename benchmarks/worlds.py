"""Simulated worlds for selection rules: what each pair is worth is known here, and hidden from the rules.

Twenty-five pairs (five instruction sides, five response sides). Each run has a world of its own, drawn from its seed:

    z_jk = a_j b_k (1 + s N)              quality of a pair; a, b uniform in [.3, .9]; s = .05, or .35 (interaction)
    g    = z_jk + .15 N                   quality of one sample
    pi_llm = 1, .5, 0                     from g - median z + .2 N, a tie within .05: a noisy judge against a base pair
    gap  = e^(.4 N_seed) (d_jk e^(.6 N - .18) - .1)      difficulty; d_jk = .4 e^(.1 N) has no structure to exploit
    pi   = pi_llm * clip(gap / q95, 0, 1)                q95: the 95th percentile of the run's gaps, a fixed scale

The value of a pair is the mean of its pi, integrated here and not sampled. Costs of an episode in the worlds with
prices are (c_j + c_k) e^(.3 N - .045), with c log-uniform from 0.05 to 2: a spread of 40 to 1 between agents.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SIDE = 5
ARMS = SIDE * SIDE
CANDIDATES = 5
SAMPLE_NOISE, JUDGE_NOISE, TIE = 0.15, 0.2, 0.05
SEED_SPREAD, GAP_SPREAD, EASY = 0.4, 0.6, 0.1
CHEAP, DEAR = 0.05, 2.0

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


class Kind(NamedTuple):
    """What sets a world apart. `priced` 0: prices have nothing to do with quality; 1: they follow it entirely."""

    about: str
    interaction: float = 0.05
    gaps: float = 1.0
    types: int = 1
    drifts: bool = False
    priced: float | None = None


WORLDS = {
    "stationary": Kind("two sides that multiply, little interaction"),
    "small-gaps": Kind("all differences a quarter as large", gaps=0.25),
    "interaction": Kind("a third of a pair's quality is its own", interaction=0.35),
    "drift": Kind("all pairs drawn anew half-way", drifts=True),
    "three-types": Kind("three task types, each with pairs of its own worth", types=3),
    "cost": Kind("agents' prices spread 40:1, whatever their quality", priced=0.0),
    "cost-quality": Kind("agents' prices spread 40:1, the better the dearer", priced=1.0),
}


@dataclass(frozen=True)
class World:
    """`runs` independent worlds of one kind. Arrays: runs x types x phases x arms; `scale` runs x types; `price` runs x
    arms; `changes_at` the seed before which phase 1 begins, one a run."""

    kind: Kind
    seed: tuple[int, int]
    quality: Floats
    difficulty: Floats
    scale: Floats
    price: Floats
    changes_at: Ints
    value: Floats

    @property
    def runs(self) -> int:
        return len(self.quality)


class Block(NamedTuple):
    """The luck of some seeds, drawn before any rule chooses: all rules meet the same."""

    types: Ints  # runs x seeds
    uniform: Floats  # runs x seeds x candidates: which arm is drawn
    sample: Floats
    judge: Floats
    gap: Floats
    length: Floats
    seed: Floats  # runs x seeds


def make(name: str, runs: int, random_seed: int, seeds: int) -> World:
    """`runs` worlds of the kind `name`, each to be played for `seeds` seeds."""
    kind = WORLDS[name]
    key = (random_seed, zlib.crc32(name.encode()))
    phases = 2 if kind.drifts else 1
    quality, difficulty = np.zeros((2, runs, kind.types, phases, ARMS))
    scale, price = np.zeros((runs, kind.types)), np.ones((runs, ARMS))
    changes_at = np.full(runs, seeds)
    for run in range(runs):
        rng = np.random.default_rng([*key, run])
        for where in np.ndindex(kind.types, phases):
            quality[(run, *where)], sides = _pairs(kind, rng)
            difficulty[(run, *where)] = 0.4 * np.exp(0.1 * rng.standard_normal(ARMS))
            if kind.priced is not None:
                price[run] = _prices(kind.priced, sides, rng)
        for number in range(kind.types):
            scale[run, number] = np.quantile(_some_gaps(difficulty[run, number, 0], rng), 0.95)
        if kind.drifts:  # within 50 seeds of the middle, so that no size of round is lucky with it
            changes_at[run] = seeds // 2 + rng.integers(-50, 50)
    value = _values(quality, difficulty, scale)
    return World(kind, key, quality, difficulty, scale, price, changes_at, value)


def _pairs(kind: Kind, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """The quality of each pair, and of each agent: instruction sides, then response sides."""
    sides = rng.uniform(0.3, 0.9, (2, SIDE))
    quality = np.outer(*sides).ravel() * (1 + kind.interaction * rng.standard_normal(ARMS))
    return quality.mean() + kind.gaps * (quality - quality.mean()), sides


def _prices(priced: float, sides: Floats, rng: np.random.Generator) -> Floats:
    place = (1 - priced) * rng.random((2, SIDE)) + priced * (sides - 0.3) / 0.6
    cost = CHEAP * (DEAR / CHEAP) ** place
    return np.add.outer(*cost).ravel()


def _gap(difficulty: Floats, seed: Floats, noise: Floats) -> Floats:
    return np.exp(SEED_SPREAD * seed) * (difficulty * np.exp(GAP_SPREAD * noise - GAP_SPREAD**2 / 2) - EASY)


def _some_gaps(difficulty: Floats, rng: np.random.Generator) -> Floats:
    noise = rng.standard_normal((2, 4000))
    return _gap(rng.choice(difficulty, 4000), noise[0], noise[1])


def _values(quality: Floats, difficulty: Floats, scale: Floats) -> Floats:
    """The mean reward of every pair: the judge's part in closed form, the difficulty's by Gauss-Hermite quadrature."""
    ahead = quality - np.median(quality, axis=-1, keepdims=True)
    spread = math.hypot(SAMPLE_NOISE, JUDGE_NOISE)
    judged = (_normal((ahead - TIE) / spread) + _normal((ahead + TIE) / spread)) / 2
    points, weights = np.polynomial.hermite_e.hermegauss(40)
    weights = weights / weights.sum()
    dual = np.zeros_like(quality)
    for seed, by_seed in zip(points, weights, strict=True):
        for noise, by_noise in zip(points, weights, strict=True):
            gap = _gap(difficulty, seed, noise) / scale[:, :, None, None]
            dual += by_seed * by_noise * np.clip(gap, 0, 1)
    return judged * dual


def _normal(x: Floats) -> Floats:
    return 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def luck(world: World, block: int, seeds: int) -> Block:
    """The luck of the seeds of round `block`."""
    rng = np.random.default_rng([*world.seed, 2**20, block])
    shape = (world.runs, seeds, CANDIDATES)
    types = rng.integers(0, world.kind.types, shape[:2])
    sample, judge, gap, length = rng.standard_normal((4, *shape))
    return Block(types, rng.random(shape), sample, judge, gap, length, rng.standard_normal(shape[:2]))


class Played(NamedTuple):
    """What came of the candidates, runs x seeds x candidates: reward, true quality and cost."""

    reward: Floats
    quality: Floats
    cost: Floats


def play(world: World, block: Block, phases: Ints, arms: Ints) -> Played:
    """Let each seed's candidates be made by `arms` (runs x seeds x candidates); `phases` is runs x seeds."""
    runs = np.arange(world.runs)[:, None]
    where = (runs[..., None], block.types[..., None], phases[..., None], arms)
    quality = world.quality[where] + SAMPLE_NOISE * block.sample
    base = np.median(world.quality, axis=-1)[runs, block.types, phases]
    ahead = quality - base[..., None] + JUDGE_NOISE * block.judge
    judged = np.where(ahead > TIE, 1.0, np.where(ahead < -TIE, 0.0, 0.5))
    gap = _gap(world.difficulty[where], block.seed[..., None], block.gap)
    dual = np.clip(gap / world.scale[runs, block.types][..., None], 0, 1)
    cost = world.price[runs[..., None], arms] * np.exp(0.3 * block.length - 0.045)
    return Played(judged * dual, quality, cost)
