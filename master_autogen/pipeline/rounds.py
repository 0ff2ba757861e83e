"""One round after the other: the selection it is cast by, its lessons planned in one transaction, then played."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from master_autogen.casting import SimilarQuestions, draw_key, plan_lesson
from master_autogen.classroom.stage import Stage
from master_autogen.engines.local import play_all
from master_autogen.lesson import play_lesson
from master_autogen.log import (
    LogWriter,
    RewardRow,
    episode_calls,
    lesson_rows,
    open_log,
    round_rewards,
    selection_history,
)
from master_autogen.models.providers import Clients
from master_autogen.pipeline.inputs import Inputs, plays
from master_autogen.records import Call, Kind, Lesson, LessonPlan, Pair, Seed, SelectionRow
from master_autogen.scenario import Scenario
from master_autogen.selection import RULES, seen, start

ENDED = ("accepted", "rejected", "failed")
Topic = tuple[str, Kind]
"""What selection learns by: (scenario, task type)."""


class Watcher(Protocol):
    """Who is told how a run goes: the command line's progress, or nobody."""

    def run_begun(self, run_id: str, resumed: bool) -> None: ...

    def round_planned(self, number: int, rounds: int, lessons: int) -> None: ...

    def call_ended(self, call: Call) -> None: ...

    def lesson_ended(self, lesson: Lesson) -> None: ...


class Player:
    """Plays the rounds of one run. All that it knows of earlier rounds it reads from the log.

    `unplaced` counts, by reason, the seeds that turned out to be playable in no scenario.
    """

    def __init__(
        self,
        inputs: Inputs,
        run_id: str,
        log: LogWriter,
        log_path: Path,
        clients: Clients,
        similar: SimilarQuestions,
        watcher: Watcher,
        concurrency: int,
        resumed: bool,
    ) -> None:
        self._inputs = inputs
        self._run_id = run_id
        self._log = log
        self._log_path = log_path
        self._clients = clients
        self._similar = similar
        self._watcher = watcher
        self._concurrency = concurrency
        self._resumed = resumed
        self.unplaced: Counter[str] = Counter()

    async def play_round(self, number: int, rounds: int, seeds: Sequence[Seed]) -> None:
        """Cast the round by the log's rows of the rounds before, log the plan, play what is not played yet."""
        probabilities = self._selection(number)
        plans = self._plan(number, seeds, probabilities)
        self._log.plan_round(self._run_id, plans, self._rows(number, probabilities))
        ended = self._ended() if self._resumed else frozenset()
        waiting = [plan for plan in plans if plan.id not in ended]
        self._watcher.round_planned(number, rounds, len(waiting))
        stages = {scenario.name: self._stage(scenario) for scenario in self._inputs.scenarios}
        await play_all(
            waiting,
            lambda plan: play_lesson(stages[plan.scenario], plan),
            concurrency=self._concurrency,
            started=lambda plan: self._log.start_lesson(plan.id),
            done=self._done,
        )
        self._log.flush()

    def close_books(self, rounds: int) -> None:
        """Log the selection that the last round leads to, as the distribution of a round not played."""
        self._log.record_selections(self._rows(rounds + 1, self._selection(rounds + 1)))

    def _done(self, lesson: Lesson) -> None:
        self._log.finish_lesson(lesson)
        self._watcher.lesson_ended(lesson)

    def _call(self, call: Call) -> None:
        self._log.put_call(call)
        self._watcher.call_ended(call)

    def _stage(self, scenario: Scenario) -> Stage:
        inputs = self._inputs
        recorded = self._recorded if self._resumed else lambda owner: ()
        return Stage(scenario, inputs.pool, self._clients, self._call, rubric=inputs.rubric, recorded=recorded)

    def _recorded(self, owner: str) -> Sequence[Call]:
        db = open_log(self._log_path, readonly=True)
        try:
            return episode_calls(db, owner)
        finally:
            db.close()

    def _ended(self) -> frozenset[str]:
        db = open_log(self._log_path, readonly=True)
        try:
            return frozenset(row.id for row in lesson_rows(db, self._run_id) if row.status in ENDED)
        finally:
            db.close()

    def _plan(self, number: int, seeds: Sequence[Seed], probabilities: dict[Topic, list[float]]) -> list[LessonPlan]:
        """One lesson a seed and scenario that accepts it, seed by seed. Topics not met before start uniform."""
        inputs = self._inputs
        plans: list[LessonPlan] = []
        for seed in seeds:
            before = len(plans)
            for scenario in inputs.scenarios:
                if plays(scenario, inputs.pool, seed) is not None:
                    continue
                key = draw_key(inputs.random_seed, scenario, number, seed)
                similar = self._similar.draw(seed, key) if scenario.similar else None
                if scenario.similar and similar is None:
                    continue
                plans.append(
                    plan_lesson(
                        scenario,
                        inputs.pool,
                        seed,
                        similar=similar,
                        probabilities=probabilities.setdefault(
                            (scenario.name, seed.kind), start(len(inputs.pool.pairs))
                        ),
                        candidates=inputs.candidates,
                        number=number,
                        position=len(plans),
                        random_seed=inputs.random_seed,
                        run_id=self._run_id,
                    )
                )
            if len(plans) == before:
                self.unplaced["no question is similar enough to it"] += 1
        return plans

    def _selection(self, number: int) -> dict[Topic, list[float]]:
        """The probabilities of round `number`, one a pair of the pool, from the log's rows of the round before."""
        if number == 1:
            return {}
        db = open_log(self._log_path, readonly=True)
        try:
            before = [row for row in selection_history(db, self._run_id) if row.round == number - 1]
            rewards = round_rewards(db, self._run_id, number - 1)
        finally:
            db.close()
        pairs = self._inputs.pool.pairs
        arm = {pair: i for i, pair in enumerate(pairs)}
        known: dict[Topic, list[float]] = {}
        for row in before:
            known.setdefault((row.scenario, row.task_type), [0.0] * len(pairs))[arm[row.pair]] = row.probability
        rule = RULES[self._inputs.rule]
        return {
            topic: rule(probabilities, self._rewards(rewards, topic, arm), beta=self._inputs.beta)
            for topic, probabilities in known.items()
        }

    def _rewards(self, rows: Sequence[RewardRow], topic: Topic, arm: dict[Pair, int]) -> list[tuple[int, float]]:
        return [(arm[row.pair], row.reward) for row in rows if (row.scenario, row.task_type) == topic]

    def _rows(self, number: int, probabilities: dict[Topic, list[float]]) -> list[SelectionRow]:
        """The round's selection for the log, with what all earlier rounds have shown of each pair."""
        pairs = self._inputs.pool.pairs
        arm = {pair: i for i, pair in enumerate(pairs)}
        shown: defaultdict[Topic, list[tuple[int, float]]] = defaultdict(list)
        if number > 1:
            db = open_log(self._log_path, readonly=True)
            try:
                for earlier in range(1, number):
                    for row in round_rewards(db, self._run_id, earlier):
                        shown[(row.scenario, row.task_type)].append((arm[row.pair], row.reward))
            finally:
                db.close()
        return [
            SelectionRow(
                run_id=self._run_id,
                round=number,
                scenario=scenario,
                task_type=kind,
                pair=pair,
                probability=values[i],
                pulls=seen(len(pairs), shown[(scenario, kind)])[i].pulls,
                reward_sum=seen(len(pairs), shown[(scenario, kind)])[i].reward_sum,
                rule=self._inputs.rule,
            )
            for (scenario, kind), values in probabilities.items()
            for i, pair in enumerate(pairs)
        ]
