"""Selection rules: from the rewards of earlier rounds to the probabilities that cast the next. Arithmetic only.

A rule sees the arms (pairs) of one scenario and task type, in a fixed order, and the rewards of a round in lesson
order.

>>> paper([0.5, 0.5], [(0, 1.0)], beta=1.0)
[0.75, 0.25]
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

BETA = 0.02
"""The evolution rate of eq. 8. Star-Agents does not say its own; 0.01 to 0.02 does best over some thousand seeds."""

Rewards = Sequence[tuple[int, float]]
"""(arm, reward), in lesson order; a reward lies in [0, 1]."""


class Arm(NamedTuple):
    """What one round showed of an arm."""

    pulls: int
    reward_sum: float


def uniform(probabilities: Sequence[float], rewards: Rewards, *, beta: float = BETA) -> list[float]:
    """All arms alike, whatever was seen: the baseline that a rule has to beat."""
    return [1.0 / len(probabilities)] * len(probabilities)


def paper(probabilities: Sequence[float], rewards: Rewards, *, beta: float = BETA) -> list[float]:
    """Star-Agents eq. 8, one step a reward: p~ = p + beta * pi for the arm that made the sample, then scaled to sum
    1."""
    made = list(probabilities)
    for arm, reward in rewards:
        if not 0.0 <= reward <= 1.0:
            raise ValueError(f"a reward of {reward} for arm {arm}; rewards lie in [0, 1]")
        made[arm] += beta * reward
        total = sum(made)
        made = [p / total for p in made]
    return made


RULES: dict[str, Callable[..., list[float]]] = {"paper": paper, "uniform": uniform}


def start(arms: int) -> list[float]:
    """The probabilities before anything is known."""
    return [1.0 / arms] * arms


def seen(arms: int, rewards: Rewards) -> list[Arm]:
    """Pulls and reward sum of each arm."""
    counts = [Arm(0, 0.0)] * arms
    for arm, reward in rewards:
        counts[arm] = Arm(counts[arm].pulls + 1, counts[arm].reward_sum + reward)
    return counts
