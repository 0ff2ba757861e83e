"""The selection rules by name: from what earlier rounds of a topic have shown to the probabilities that cast the next.

A rule is a function of `Past`: rewards in lesson order, and nothing else. It knows no log, no models, no time; the same
past gives the same probabilities. What has not been seen at all is cast uniformly, under every rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from master_autogen.records import Pair

BETA = 0.02
"""The evolution rate of eq. 8. Star-Agents does not say its own; 0.02 to 0.03 does best over some thousand seeds with
five candidates each (`benchmarks/selection.py`)."""

FLOOR = 0.65
"""The share of the best pair's reward that a cheaper pair has to promise before its price may speak for it.

The highest floor, in steps of 0.05, at which a dollar bought twice the quality with some margin, where prices are
spread 40:1 and say nothing of quality; the accepted samples kept 93 % of theirs. At 0.8 they keep 99 %, for 1.75
times."""

Rewards = Sequence[tuple[int, float]]
"""(arm, reward), in lesson order; a reward lies in [0, 1]. What failed or could not be read is left out."""


class Arm(NamedTuple):
    """What rewards show of an arm."""

    pulls: int
    reward_sum: float


class Past(NamedTuple):
    """All that a rule may know of one scenario and task type.

    `pairs` are the arms, in a fixed order; `rounds` the rewards of every earlier round, oldest first; `costs` (arm, US
    dollars) of every earlier episode whose cost is known. `key` is what the posterior draws hang on: (random_seed,
    scenario, task type, number of the round to cast).
    """

    pairs: Sequence[Pair]
    rounds: Sequence[Rewards]
    costs: Sequence[tuple[int, float]] = ()
    key: tuple[object, ...] = ()
    beta: float = BETA
    floor: float = FLOOR


class Selection(NamedTuple):
    """One probability an arm, and the rule that made them: another than was asked for where `note` says why."""

    probabilities: list[float]
    rule: str
    note: str | None = None


def start(arms: int) -> list[float]:
    """The probabilities before anything is known."""
    return [1.0 / arms] * arms


def seen(arms: int, rewards: Rewards) -> list[Arm]:
    """Pulls and reward sum of each arm."""
    pulls, sums = [0] * arms, [0.0] * arms
    for arm, reward in rewards:
        pulls[arm] += 1
        sums[arm] += reward
    return [Arm(*counts) for counts in zip(pulls, sums, strict=True)]


def checked(rewards: Rewards) -> Rewards:
    """`rewards`; raises ValueError for one outside [0, 1]."""
    for arm, reward in rewards:
        if not 0.0 <= reward <= 1.0:
            raise ValueError(f"a reward of {reward} for arm {arm}; rewards lie in [0, 1]")
    return rewards


def uniform(probabilities: Sequence[float], rewards: Rewards, *, beta: float = BETA) -> list[float]:
    """All arms alike, whatever was seen: the baseline that a rule has to beat."""
    return start(len(probabilities))


def paper(probabilities: Sequence[float], rewards: Rewards, *, beta: float = BETA) -> list[float]:
    """Star-Agents eq. 8, one step a reward: p~ = p + beta * pi for the arm that made the sample, then scaled to sum
    1.

    >>> paper([0.5, 0.5], [(0, 1.0)], beta=1.0)
    [0.75, 0.25]
    """
    made = list(probabilities)
    for arm, reward in checked(rewards):
        made[arm] += beta * reward
        total = sum(made)
        made = [p / total for p in made]
    return made


def _uniform(past: Past) -> Selection:
    return Selection(start(len(past.pairs)), "uniform")


def _paper(past: Past) -> Selection:
    made = start(len(past.pairs))
    for rewards in past.rounds:
        made = paper(made, rewards, beta=past.beta)
    return Selection(made, "paper")


def _thompson(past: Past) -> Selection:
    from master_autogen.selection.thompson import thompson  # numpy takes longer to load than `--help` to print

    return Selection(thompson(past), "thompson")


def _thompson_cost(past: Past) -> Selection:
    from master_autogen.selection.thompson import thompson, thompson_cost

    by_cost = thompson_cost(past)
    if isinstance(by_cost, str):
        return Selection(thompson(past), "thompson", by_cost)
    return Selection(by_cost, "thompson-cost")


Rule = Callable[[Past], Selection]

RULES: dict[str, Rule] = {
    "paper": _paper,
    "thompson": _thompson,
    "thompson-cost": _thompson_cost,
    "uniform": _uniform,
}
"""`paper`: eq. 8. `thompson`: how often each arm is the best in draws from the posterior. `thompson-cost`: how often it
is the best reward per dollar among the arms above the floor. `uniform`: learns nothing."""
