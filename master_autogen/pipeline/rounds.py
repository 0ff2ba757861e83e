"""One round after the other: the selection it is cast by, its lessons planned in one transaction, then played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from master_autogen.casting import SimilarQuestions, draw_key, plan_lesson
from master_autogen.engines.company import NONE_EARLIER, Company, Earlier, Listener
from master_autogen.engines.local import play_all
from master_autogen.grading.difficulty import Unit, running_scales
from master_autogen.log import LogWriter, earlier_gaps, episode_calls, lesson_rows, open_log
from master_autogen.pipeline.inputs import Inputs, plays
from master_autogen.pipeline.learning import Learned, Topic, learn
from master_autogen.pipeline.limits import Target
from master_autogen.pipeline.remembering import Memory, Told
from master_autogen.records import Lesson, LessonPlan, Seed


def recorded_calls(log_path: Path, plan: LessonPlan) -> Earlier:
    """What the log has of a lesson's calls."""
    db = open_log(log_path, readonly=True)
    try:
        return {episode.id: episode_calls(db, episode.id) for episode in plan.episodes}
    finally:
        db.close()


ENDED = ("accepted", "rejected", "failed", "cancelled")
BEYOND = "beyond the target"


class Watcher(Listener, Protocol):
    """Who is told how a run goes: the command line's progress, or nobody."""

    def run_begun(self, run_id: str, resumed: bool) -> None: ...

    def round_planned(self, number: int, rounds: int, lessons: int) -> None: ...

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
        company: Company,
        similar: SimilarQuestions,
        memory: Memory,
        watcher: Watcher,
        concurrency: int,
        resumed: bool,
    ) -> None:
        self._inputs = inputs
        self._run_id = run_id
        self._log = log
        self._log_path = log_path
        self._company = company
        self._similar = similar
        self._memory = memory
        self._watcher = watcher
        self._concurrency = concurrency
        self._resumed = resumed
        self._target = Target(inputs.target)
        self.unplaced: Counter[str] = Counter()
        self._topics: dict[Topic, None] = {}  # in the order they were met

    async def play_round(self, number: int, rounds: int, seeds: Sequence[Seed]) -> None:
        """Cast the round by the log's rows of the rounds before, log the plan, play what is not played yet."""
        learned = learn(self._inputs, self._log_path, self._run_id, number)
        plans = self._plan(number, seeds, learned, self._memory.tell(number, seeds, learned))
        self._topics |= {(plan.scenario, plan.task_type): None for plan in plans}
        rows = learned.rows(list(self._topics), self._inputs, self._run_id, number)
        self._log.plan_round(self._run_id, plans, rows)
        ended = self._ended() if self._resumed else {}
        waiting = [plan for plan in plans if plan.id not in ended]
        self._target.plan(plans, ended)
        self._watcher.round_planned(number, rounds, len(waiting))
        scales = self._scales(number)

        async def play(plan: LessonPlan) -> Lesson:
            earlier = recorded_calls(self._log_path, plan) if self._resumed else NONE_EARLIER
            return await self._company.play(plan, scales, earlier)

        await play_all(
            waiting,
            play,
            concurrency=self._concurrency,
            started=lambda plan: self._log.start_lesson(plan.id),
            done=self._done,
            enough=lambda: self._target.reached,
        )
        self._log.cancel_lessons(self._target.beyond, BEYOND)
        self._log.flush()

    @property
    def target_reached(self) -> bool:
        return self._target.reached

    def close_books(self, rounds: int) -> None:
        """Log the selection that the last round leads to, as the distribution of a round not played."""
        learned = learn(self._inputs, self._log_path, self._run_id, rounds + 1)
        self._log.record_selections(learned.rows(list(self._topics), self._inputs, self._run_id, rounds + 1))

    def _done(self, lesson: Lesson) -> None:
        self._log.finish_lesson(lesson)
        self._target.add(lesson)
        self._watcher.lesson_ended(lesson)

    def _ended(self) -> dict[str, bool]:
        """The lessons that have ended, and whether each was accepted."""
        db = open_log(self._log_path, readonly=True)
        try:
            rows = lesson_rows(db, self._run_id)
            return {row.id: row.status == "accepted" for row in rows if row.status in ENDED}
        finally:
            db.close()

    def _scales(self, number: int) -> dict[Unit, float]:
        """The gap of difficulty that the rounds before this one found large; none in round 1."""
        db = open_log(self._log_path, readonly=True)
        try:
            gaps = earlier_gaps(db, self._run_id, number)
        finally:
            db.close()
        return running_scales({"token": gaps.get("token", ()), "byte": gaps.get("byte", ())})

    def _plan(self, number: int, seeds: Sequence[Seed], learned: Learned, told: Told) -> list[LessonPlan]:
        """One lesson a seed and scenario that accepts it, seed by seed. Topics not met before start uniform."""
        inputs = self._inputs
        plans: list[LessonPlan] = []
        for seed in seeds:
            before = len(plans)
            for scenario in inputs.scenarios:
                if plays(scenario, inputs.pool, seed, inputs.code_check) is not None:
                    continue
                key = draw_key(inputs.random_seed, scenario, number, seed)
                similar = self._similar.draw(seed, key) if scenario.similar else None
                if scenario.similar and similar is None:
                    continue
                probabilities = learned.of((scenario.name, seed.kind), inputs).probabilities
                plans.append(
                    plan_lesson(
                        scenario,
                        inputs.pool,
                        seed,
                        similar=similar,
                        probabilities=probabilities,
                        remembered=told.get((scenario.name, seed.id)),
                        candidates=inputs.candidates_for(probabilities),
                        number=number,
                        position=len(plans),
                        random_seed=inputs.random_seed,
                        run_id=self._run_id,
                    )
                )
            if len(plans) == before:
                self.unplaced["no question is similar enough to it"] += 1
        return plans
