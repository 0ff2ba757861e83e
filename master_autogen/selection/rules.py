"""The selection rules by name: from what earlier rounds of a topic have shown to the probabilities that cast the next.

A rule is a function of `Past`: rewards in lesson order, and nothing else. It knows no log, no models, no time; the same
past gives the same probabilities. What has not been seen at all is cast uniformly, under every rule.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from master_autogen.records import Pair

S = TypeVar("S")

BETA = 0.02
"""The evolution rate of eq. 8. Star-Agents does not say its own; 0.02 to 0.03 does best over some thousand seeds with
five candidates each (`benchmarks/selection.py`)."""

Z95 = 1.959964
"""The normal distribution has 95 % of its weight within so many deviations."""

FLOOR = 0.65
"""The share of the best pair's reward that a cheaper pair has to promise before its price may speak for it.

The highest floor, in steps of 0.05, at which a dollar bought twice the quality with some margin, where prices are
spread 40:1 and say nothing of quality; the accepted samples kept 93 % of theirs. At 0.8 they keep 99 %, for 1.75
times."""

Rewards = Sequence[tuple[int, float]]
"""(arm, reward), in lesson order; a reward lies in [0, 1]. What failed or could not be read is left out."""


DEFAULT = "thompson"
"""The rule where none is named: ahead of `paper` in every world of `benchmarks/selection.py`."""


class Arm(NamedTuple):
    """What rewards show of an arm."""

    pulls: int
    reward_sum: float


class Spent(NamedTuple):
    """What episodes of an arm cost, in US dollars; those of unknown cost are not counted."""

    episodes: int
    dollars: float


class Interval(NamedTuple):
    """Where an arm's mean reward lies, with 95 in 100."""

    low: float
    high: float


class Past:
    """All that a rule may know of one scenario and task type, round by round: it grows as rounds are folded into it.

    `pairs` are the arms, in a fixed order; `rounds` the rewards of every earlier round, oldest first; `costs` (arm, US
    dollars) of every earlier episode whose cost is known. `key` is what the posterior draws hang on: (random_seed,
    scenario, task type, number of the round to cast). ValueError for a reward outside [0, 1].

    >>> from master_autogen.records import Pair
    >>> past = Past([Pair(instruction="teacher", response="hasty")], rounds=[[(0, 0.5)]])
    >>> past.fold([(0, 0.25)])
    >>> past.arms
    [Arm(pulls=2, reward_sum=0.75)]
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        rounds: Sequence[Rewards] = (),
        costs: Rewards = (),
        key: tuple[object, ...] = (),
        beta: float = BETA,
        floor: float = FLOOR,
    ) -> None:
        self.pairs = pairs
        self.key = key
        self.beta = beta
        self.floor = floor
        self.arms = [Arm(0, 0.0) for _ in pairs]
        self.spent = [Spent(0, 0.0) for _ in pairs]
        self._rounds: list[tuple[array[int], array[float]]] = []  # 12 bytes a reward: a run has some hundred thousand
        self._states: dict[str, tuple[Any, int]] = {}
        for rewards in rounds:
            self.fold(rewards)
        self.fold((), costs)

    def fold(self, rewards: Rewards, costs: Rewards = ()) -> None:
        """One more round: what its candidates earned, in lesson order, and what they cost."""
        self.arms = [Arm(*found) for found in _added(self.arms, checked(rewards))]
        self.spent = [Spent(*found) for found in _added(self.spent, costs)]
        if rewards:
            self._rounds.append((array("i", [arm for arm, _ in rewards]), array("d", [r for _, r in rewards])))

    @property
    def pulls(self) -> int:
        return sum(arm.pulls for arm in self.arms)

    def state(self, name: str, start: Callable[[], S], step: Callable[[S, Sequence[int], Sequence[float]], S]) -> S:
        """What a rule makes of the rounds, one by one: `step(state, arms, rewards)`. Only rounds that are new since it
        was last asked for this name are gone through."""
        made, at = self._states[name] if name in self._states else (start(), 0)
        for arms, rewards in self._rounds[at:]:
            made = step(made, arms, rewards)
        self._states[name] = (made, len(self._rounds))
        state: S = made
        return state


def _added(known: Sequence[tuple[int, float]], more: Rewards) -> Iterator[tuple[int, float]]:
    """How many and how much in all, one by one as they come: a sum depends on its order in the last place."""
    numbers, sums = [number for number, _ in known], [total for _, total in known]
    for arm, value in more:
        numbers[arm] += 1
        sums[arm] += value
    return zip(numbers, sums, strict=True)


class Selection(NamedTuple):
    """One probability an arm, and the rule that made them.

    `intervals`, one an arm, say how much is known of its mean reward: by the posterior under `thompson` and
    `thompson-cost`, by `wilson` under the others; None for an arm or topic of which nothing was seen. `note` says why
    another rule cast than was asked for, or which rewards no longer count.
    """

    probabilities: list[float]
    rule: str
    note: str | None = None
    intervals: Sequence[Interval | None] = ()


def start(arms: int) -> list[float]:
    """The probabilities before anything is known."""
    return [1.0 / arms] * arms


def wilson(arm: Arm) -> Interval | None:
    """Wilson's 95 % interval of the mean of rewards in [0, 1]; None without a reward.

    It takes their variance to be m (1 - m), the largest that a mean m allows: too wide where rewards are graded, never
    of no width because three rewards happen to be alike.
    """
    if not arm.pulls:
        return None
    mean, z2 = arm.reward_sum / arm.pulls, Z95**2 / arm.pulls
    middle, half = (mean + z2 / 2) / (1 + z2), math.sqrt(z2 * mean * (1 - mean) + z2**2 / 4) / (1 + z2)
    return Interval(max(middle - half, 0.0), min(middle + half, 1.0))


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
    return Selection(start(len(past.pairs)), "uniform", intervals=_wilsons(past))


def _paper(past: Past) -> Selection:
    def step(probabilities: list[float], arms: Sequence[int], rewards: Sequence[float]) -> list[float]:
        return paper(probabilities, list(zip(arms, rewards, strict=True)), beta=past.beta)

    made = past.state("paper", lambda: start(len(past.pairs)), step)
    return Selection(list(made), "paper", intervals=_wilsons(past))


def _wilsons(past: Past) -> list[Interval | None]:
    return [wilson(arm) for arm in past.arms]


def _thompson(past: Past) -> Selection:
    from master_autogen.selection.thompson import thompson  # numpy takes longer to load than `--help` to print

    return thompson(past)


def _thompson_cost(past: Past) -> Selection:
    from master_autogen.selection.thompson import thompson_cost

    return thompson_cost(past)


Rule = Callable[[Past], Selection]

RULES: dict[str, Rule] = {
    "paper": _paper,
    "thompson": _thompson,
    "thompson-cost": _thompson_cost,
    "uniform": _uniform,
}
"""`paper`: eq. 8. `thompson`: how often each arm is the best in draws from the posterior. `thompson-cost`: how often it
is the best reward per dollar among the arms above the floor. `uniform`: learns nothing."""
