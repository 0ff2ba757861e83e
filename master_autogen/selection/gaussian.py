"""What rewards say of every pair at once: a Gaussian posterior over instruction side + response side + interaction.

The reward of pair (j, k) is level + side_j + side_k + own_jk + noise. A pair that was never drawn is so known by its
two agents. Prior variances are told in pulls: a prior of n pulls is as firm as n rewards, whatever their unit and
noise. All arrays carry a leading axis of independent streams (topics; in the benchmark, runs), and arms in the order
of the pairs; totals are sums of rewards in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from master_autogen.draws import draw

if TYPE_CHECKING:
    from master_autogen.records import Pair

Floats = NDArray[np.float64]

# The firmness of the prior, in pulls. The level of a run's rewards is not known beforehand at all; one agent moves a
# reward by more than half its noise (1 / 3 pulls = 0.58 noise deviations); what only this pair has, by a third of that.
LEVEL_PULLS, SIDE_PULLS, PAIR_PULLS = 0.1, 3.0, 30.0
LEVEL = 0.5  # the middle of [0, 1]; with a tenth of a pull behind it, of no weight

# The noise of a reward before any is seen, and how many pulls that guess is worth: a deviation of 0.22.
NOISE, NOISE_PULLS = 0.05, 20.0

# Draws come from a posterior narrowed to this share of its deviation. Exact Thompson sampling explores as if the run
# never ended; over some thousand rewards 0.6 saves a sixth of its regret or more, and 0.5 begins to lock in on wrong
# pairs where interactions are strong (found on seeds that no reported number comes from, see benchmarks/selection.py).
SHARPNESS = 0.6
DRAWS = 4096


class Prior(NamedTuple):
    """Covariance of the arms in units of the noise's variance, its inverse, and the logarithm of its determinant."""

    covariance: Floats
    precision: Floats
    log_det: float


class Sums(NamedTuple):
    """Per stream and arm: how many rewards, their sum, and the sum of their squares."""

    pulls: Floats
    totals: Floats
    squares: Floats

    def minus(self, other: Sums) -> Sums:
        return Sums(self.pulls - other.pulls, self.totals - other.totals, self.squares - other.squares)


def prior(pairs: Sequence[Pair]) -> Prior:
    """The prior over these arms: agents shared are rewards shared."""
    instruction = np.array([pair.instruction for pair in pairs])
    response = np.array([pair.response for pair in pairs])
    covariance = np.full((len(pairs), len(pairs)), 1 / LEVEL_PULLS)
    covariance += (instruction[:, None] == instruction) / SIDE_PULLS + (response[:, None] == response) / SIDE_PULLS
    covariance += np.eye(len(pairs)) / PAIR_PULLS
    return Prior(covariance, np.linalg.inv(covariance), float(np.linalg.slogdet(covariance)[1]))


def noise(sums: Sums) -> Floats:
    """The variance of a reward about its arm's mean, one a stream, pooled over the arms; (streams,)."""
    pulls = np.maximum(sums.pulls, 1.0)
    within = np.maximum(sums.squares - sums.totals**2 / pulls, 0.0).sum(-1)
    free = np.maximum(sums.pulls - 1.0, 0.0).sum(-1)
    return np.asarray((NOISE_PULLS * NOISE + within) / (NOISE_PULLS + free))


def posterior(sums: Sums, prior: Prior) -> tuple[Floats, Floats]:
    """Mean (streams, arms) and covariance (streams, arms, arms) of the arms' rewards.

    With the prior in pulls the covariance is noise * (precision + diag(pulls))^-1.
    """
    spread = np.linalg.inv(prior.precision + _diagonal(sums.pulls))
    mean = LEVEL + np.einsum("sab,sb->sa", spread, sums.totals - LEVEL * sums.pulls)
    return mean, spread * noise(sums)[:, None, None]


def evidence(sums: Sums, variance: Floats, prior: Prior) -> Floats:
    """The log marginal likelihood of the rewards behind `sums`, if the arms' means never changed; (streams,).

    Without the terms that a sum over segments of the same rewards has in common. `variance`: the noise, (streams,).
    Other axes may lead: many `sums` at once, (many, streams, arms), give (many, streams).
    """
    root = np.linalg.cholesky(prior.precision + _diagonal(sums.pulls))
    scaled = np.linalg.solve(root, (sums.totals - LEVEL * sums.pulls)[..., None])[..., 0]
    log_det = 2 * np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(-1) + prior.log_det
    return np.asarray(0.5 * ((scaled**2).sum(-1) / variance - log_det))


def _diagonal(values: Floats) -> Floats:
    return values[..., None] * np.eye(values.shape[-1])


def normals(arms: int, *key: object) -> Floats:
    """Standard normal numbers (arms, DRAWS) that hang on `key` alone."""
    # RandomState and not Generator: numpy promises that its streams never change.
    drawn = draw(*key, "posterior")
    return np.random.RandomState([drawn >> 32, drawn & 0xFFFFFFFF]).standard_normal((arms, DRAWS))


def posterior_draws(mean: Floats, covariance: Floats, numbers: Floats) -> Floats:
    """Joint draws of the arms' rewards from the narrowed posterior, (streams, arms, DRAWS)."""
    root: Floats = np.asarray(np.linalg.cholesky(covariance) * SHARPNESS, dtype=np.float64)
    made: Floats = root @ numbers
    made += mean[..., None]
    return made


def best_shares(worth: Floats) -> Floats:
    """How often each arm is worth most, (streams, arms); `worth` is (streams, arms, draws)."""
    most = worth.max(1, keepdims=True)
    wins = np.count_nonzero(worth == most, axis=2)  # several times faster than argmax over a middle axis
    return np.asarray(wins / wins.sum(1, keepdims=True))
