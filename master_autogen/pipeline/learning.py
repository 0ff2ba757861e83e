"""From the log's rows of earlier rounds to the selection of the next: nothing else goes in, so it can be redone.

What was learnt is kept from round to round, and only the rows of rounds that ended since are read. It is the same as if
all were read anew: rounds are folded one by one, in lesson order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from master_autogen.grading.difficulty import RunningScales, Unit
from master_autogen.log import gaps, open_log, taught
from master_autogen.pipeline.inputs import Inputs
from master_autogen.records import Kind, SelectionRow
from master_autogen.selection import RULES, Arm, Past, Selection, start

Topic = tuple[str, Kind]
"""What selection learns by: (scenario, task type)."""


@dataclass(frozen=True)
class Learned:
    """The selection of each topic of which something was seen, what was seen of its pairs, and the gap of difficulty
    that was found large."""

    selections: Mapping[Topic, Selection]
    arms: Mapping[Topic, Sequence[Arm]]
    scales: Mapping[Unit, float]

    def of(self, topic: Topic, inputs: Inputs) -> Selection:
        """The topic's selection; uniform for one that was never met."""
        return self.selections.get(topic) or Selection(start(len(inputs.pool.pairs)), inputs.rule)

    def rows(self, topics: Sequence[Topic], inputs: Inputs, run_id: str, number: int) -> list[SelectionRow]:
        """The selection of round `number` for the log, with what the rounds before have shown of each pair."""
        made = []
        for topic in topics:
            selection = self.of(topic, inputs)
            shown = self.arms.get(topic) or [Arm(0, 0.0)] * len(inputs.pool.pairs)
            intervals = selection.intervals or [None] * len(shown)
            arms = zip(inputs.pool.pairs, selection.probabilities, shown, intervals, strict=True)
            for pair, probability, arm, interval in arms:
                made.append(
                    SelectionRow(
                        run_id=run_id,
                        round=number,
                        scenario=topic[0],
                        task_type=topic[1],
                        pair=pair,
                        probability=probability,
                        pulls=arm.pulls,
                        reward_sum=arm.reward_sum,
                        rule=selection.rule,
                        low=interval.low if interval else None,
                        high=interval.high if interval else None,
                        note=selection.note,
                    )
                )
        return made


@dataclass
class _Round:
    """What one round taught of one topic: (arm, reward) and (arm, US dollars)."""

    rewards: list[tuple[int, float]] = field(default_factory=list)
    costs: list[tuple[int, float]] = field(default_factory=list)


class Learner:
    """What the rounds of one run have taught so far."""

    def __init__(self, inputs: Inputs, log_path: Path, run_id: str) -> None:
        self._inputs = inputs
        self._log_path = log_path
        self._run_id = run_id
        self._arms = {(pair.instruction, pair.response): i for i, pair in enumerate(inputs.pool.pairs)}
        self._pasts: dict[Topic, Past] = {}
        self._scales = RunningScales()
        self._read = 1  # the first round whose rows were not read yet

    def learn(self, number: int) -> Learned:
        """What the rounds before `number` have taught, topic by topic. They have ended, and `number` never falls."""
        self._read_rounds(number)
        rule, selections = RULES[self._inputs.rule], {}
        for topic, past in self._pasts.items():
            if past.pulls:
                past.key = (self._inputs.random_seed, *topic, number)
                selections[topic] = rule(past)
        arms = {topic: tuple(past.arms) for topic, past in self._pasts.items()}
        return Learned(selections, arms, self._scales.values)

    def scales(self, number: int) -> Mapping[Unit, float]:
        """Of `learn`, the gap of difficulty that was found large: all that a round needs which is cast already."""
        found: defaultdict[Unit, list[float]] = defaultdict(list)
        with closing(open_log(self._log_path, readonly=True)) as db:
            for unit, gap in gaps(db, self._run_id, before=number):
                found[cast(Unit, unit)].append(gap)
        scales = RunningScales()
        scales.add(found)
        return scales.values

    def _read_rounds(self, number: int) -> None:
        if number <= self._read:
            return
        found_gaps: defaultdict[Unit, list[float]] = defaultdict(list)
        db = open_log(self._log_path, readonly=True)
        try:
            # One round after the other: where a round ends matters to the search for changes.
            for earlier in range(self._read, number):
                found: defaultdict[Topic, _Round] = defaultdict(_Round)
                rows = taught(db, self._run_id, since=earlier, before=earlier + 1)
                for scenario, task_type, instruction, response, earned, cost, gap, unit in rows:
                    if gap is not None:
                        found_gaps[cast(Unit, unit)].append(gap)
                    if (arm := self._arms.get((instruction, response))) is None:
                        continue  # a base's pair need not be an arm
                    of_topic = found[scenario, task_type]
                    if earned is not None:
                        # The paper's literal normaliser (an option) gives rewards outside [0, 1].
                        of_topic.rewards.append((arm, min(max(earned, 0.0), 1.0)))
                    if cost is not None:
                        of_topic.costs.append((arm, cost))
                for topic, of_topic in found.items():
                    self._past(topic).fold(of_topic.rewards, of_topic.costs)
        finally:
            db.close()
        self._scales.add(found_gaps)
        self._read = number

    def _past(self, topic: Topic) -> Past:
        if topic not in self._pasts:
            inputs = self._inputs
            self._pasts[topic] = Past(inputs.pool.pairs, beta=inputs.beta, floor=inputs.floor)
        return self._pasts[topic]
