"""Thompson sampling by its probabilities: how often each pair is the best in seeded draws from the posterior.

A round is cast by probabilities and not by draws, so that a run can be examined off-policy: each episode's probability
is in the log.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from master_autogen.selection.changes import Memory
from master_autogen.selection.gaussian import Floats, best_shares, normals, posterior, posterior_draws, prior
from master_autogen.selection.rules import Z95, Interval, Past, Selection, start

# A free pair is taken to cost a thousandth of the dearest, so that reward still counts among the free.
CHEAPEST = 0.001
# How often an arm has to reach the floor in the draws before its price counts.
LIKELY = 0.5


def thompson(past: Past) -> Selection:
    """The share of posterior draws in which each arm has the highest reward."""
    if not past.pulls:
        return Selection(start(len(past.pairs)), "thompson")
    return _selection(past, "thompson")


def thompson_cost(past: Past) -> Selection:
    """The share of posterior draws in which each arm gives the most reward a dollar, above the floor; by `thompson`
    where no price can be set on the arms, and the note says why."""
    if not past.pulls:
        return Selection(start(len(past.pairs)), "thompson-cost")
    prices = arm_prices(past)
    if isinstance(prices, str):
        return _selection(past, "thompson", why=f"asked for was thompson-cost, but {prices}")
    return _selection(past, "thompson-cost", prices=prices)


def _selection(past: Past, rule: str, *, prices: Sequence[float] | None = None, why: str | None = None) -> Selection:
    memory = recall(past)
    mean, covariance = posterior(memory.known(), prior(past.pairs))
    worth = posterior_draws(mean, covariance, normals(len(past.pairs), *past.key))
    if prices is not None:
        worth = per_cost(worth, np.array([prices]), past.floor)
    notes = [note for note in (why, _forgotten(past, memory)) if note is not None]
    return Selection(
        [float(share) for share in best_shares(worth)[0]],
        rule,
        "; ".join(notes) or None,
        _intervals(mean[0], covariance[0]),
    )


def _forgotten(past: Past, memory: Memory) -> str | None:
    """What is no longer counted after a change was found."""
    if not memory.changes[0]:
        return None
    counted = int(memory.known().pulls.sum())
    return f"the rewards changed: only the last {counted} of {past.pulls} count"


def _intervals(mean: Floats, covariance: Floats) -> list[Interval]:
    """The posterior's own, not narrowed as its draws are; rewards lie in [0, 1], and so do their means."""
    half = Z95 * np.sqrt(np.diagonal(covariance))
    low, high = np.clip(mean - half, 0, 1), np.clip(mean + half, 0, 1)
    return [Interval(float(a), float(b)) for a, b in zip(low, high, strict=True)]


def recall(past: Past) -> Memory:
    """The rounds of the past, folded one by one; those that were folded before are not gone through again."""

    def step(memory: Memory, arms: Sequence[int], rewards: Sequence[float]) -> Memory:
        memory.fold(np.array([arms], dtype=np.intp), np.array([rewards], dtype=np.float64))
        return memory

    return past.state("thompson", lambda: Memory(prior(past.pairs)), step)


def per_cost(draws: Floats, prices: Floats, floor: float) -> Floats:
    """What each draw of an arm is worth: its reward per dollar where it reaches `floor` times the draw's best reward.

    Only arms that reach the floor in half of the draws or more are let in by their price: cheap arms of which little is
    known would else be cast as often as they might be good. Where none is let in, the reward itself decides.
    `draws` is (streams, arms, draws), `prices` (streams, arms) in US dollars an episode.
    """
    best = draws.max(1, keepdims=True)
    above = draws >= floor * best
    above &= above.mean(2, keepdims=True) >= LIKELY
    worth = np.where(above, draws / prices[..., None], -np.inf)
    return np.where(above.any(1, keepdims=True), worth, draws)


def arm_prices(past: Past) -> list[float] | str:
    """The mean cost of an episode of each arm in US dollars, or why it cannot be said.

    An arm without a known cost is priced by those that share an agent with it, if it was never played; an arm that was
    played and has none has a model without a price.
    """
    played = zip(past.pairs, past.spent, past.arms, strict=True)
    unpriced = [str(pair) for pair, spent, arm in played if arm.pulls and not spent.episodes]
    if unpriced:
        return f"no price is known for {_some(unpriced)}"
    means = [spent.dollars / spent.episodes if spent.episodes else None for spent in past.spent]
    dearest = max((mean for mean in means if mean is not None), default=0.0)
    if dearest <= 0.0:
        return "no pair costs anything"
    return [max(_price(past, means, arm), CHEAPEST * dearest) for arm in range(len(past.pairs))]


def _price(past: Past, means: Sequence[float | None], arm: int) -> float:
    """The arm's own mean cost, else that of the arms which share an agent with it, else that of all."""
    if (own := means[arm]) is not None:
        return own
    pair = past.pairs[arm]
    kin = [
        mean
        for other, mean in zip(past.pairs, means, strict=True)
        if mean is not None and (other.instruction == pair.instruction or other.response == pair.response)
    ] or [mean for mean in means if mean is not None]
    return sum(kin) / len(kin)


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are.

    >>> _some(["a", "b", "c", "d"])
    'a, b and 2 more'
    """
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} more"
