"""From the log's rows of earlier rounds to the selection of the next: nothing else goes in, so it can be redone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from master_autogen.log import earlier_costs, open_log, round_rewards
from master_autogen.pipeline.inputs import Inputs
from master_autogen.records import Kind, Pair, SelectionRow
from master_autogen.selection import RULES, Past, Selection, seen, start

Topic = tuple[str, Kind]
"""What selection learns by: (scenario, task type)."""


@dataclass(frozen=True)
class Learned:
    """The selection of each topic that was met, and the rewards behind it by round, oldest first."""

    selections: Mapping[Topic, Selection]
    rewards: Mapping[Topic, Sequence[Sequence[tuple[int, float]]]]

    def of(self, topic: Topic, inputs: Inputs) -> Selection:
        """The topic's selection; uniform for one that was never met."""
        return self.selections.get(topic) or Selection(start(len(inputs.pool.pairs)), inputs.rule)

    def rows(self, topics: Sequence[Topic], inputs: Inputs, run_id: str, number: int) -> list[SelectionRow]:
        """The selection of round `number` for the log, with what the rounds before have shown of each pair."""
        made = []
        for topic in topics:
            selection = self.of(topic, inputs)
            shown = seen(len(inputs.pool.pairs), [r for rewards in self.rewards.get(topic, ()) for r in rewards])
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


def learn(inputs: Inputs, log_path: Path, run_id: str, number: int) -> Learned:
    """What the rounds before `number` have taught, topic by topic."""
    pairs = inputs.pool.pairs
    arm: dict[Pair, int] = {pair: i for i, pair in enumerate(pairs)}
    found: defaultdict[Topic, list[list[tuple[int, float]]]] = defaultdict(lambda: [[] for _ in range(number - 1)])
    costs: defaultdict[Topic, list[tuple[int, float]]] = defaultdict(list)
    if number > 1:
        db = open_log(log_path, readonly=True)
        try:
            for earlier in range(1, number):
                for row in round_rewards(db, run_id, earlier):
                    # The paper's literal normaliser (an option) gives rewards outside [0, 1].
                    reward = min(max(row.reward, 0.0), 1.0)
                    found[(row.scenario, row.task_type)][earlier - 1].append((arm[row.pair], reward))
            for spent in earlier_costs(db, run_id, number):
                costs[(spent.scenario, spent.task_type)].append((arm[spent.pair], spent.cost))
        finally:
            db.close()
    rule = RULES[inputs.rule]
    selections = {}
    for topic, rewards in found.items():
        key = (inputs.random_seed, *topic, number)
        past = Past(pairs, rewards, costs[topic], key=key, beta=inputs.beta, floor=inputs.floor)
        selections[topic] = rule(past)
    return Learned(selections, found)
