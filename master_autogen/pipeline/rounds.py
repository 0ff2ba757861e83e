"""One round after the other: the selection it is cast by, its lessons planned in one transaction, then played."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from master_autogen.casting import SimilarQuestions, draw_key, plan_lesson
from master_autogen.engines.company import NONE_EARLIER, Company, Earlier, Listener
from master_autogen.engines.local import play_all
from master_autogen.errors import EndpointDown
from master_autogen.grading.difficulty import Unit
from master_autogen.log import (
    Database,
    LogWriter,
    RoundView,
    episode_calls,
    open_log,
    planned_round,
    round_ends,
    run_rounds,
)
from master_autogen.pipeline.inputs import Inputs, plays
from master_autogen.pipeline.learning import Learned, Learner, Topic
from master_autogen.pipeline.limits import Target
from master_autogen.pipeline.remembering import Memory, Told
from master_autogen.records import Lesson, LessonPlan, Seed


def recorded_calls(log_path: Path, plan: LessonPlan) -> Earlier:
    """What the log has of a lesson's calls."""
    db = open_log(log_path, readonly=True)
    try:
        return _calls_of(db, plan)
    finally:
        db.close()


def _calls_of(db: Database, plan: LessonPlan) -> Earlier:
    return {episode.id: episode_calls(db, episode.id) for episode in plan.episodes}


BEYOND = "beyond the target"
NOT_SIMILAR = "no question is similar enough to it"


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
        self._target = Target(inputs.target)
        self.unplaced: Counter[str] = Counter()
        self._learner = Learner(inputs, log_path, run_id)
        self._topics: dict[Topic, None] = {}  # in the order they were met
        self._begun = self._rounds() if resumed else {}

    async def play_round(self, number: int, rounds: int, seeds: Sequence[Seed]) -> None:
        """Cast the round by the log's rows of the rounds before, log the plan, play what is not played yet. A round
        that was planned before is not planned again."""
        begun = self._begun.get(number)
        if begun is not None and begun.ended:
            self._skip(begun, rounds, seeds)
            return
        if begun is None:
            plans, scales = self._cast(number, seeds)
        with self._reader() as db:
            ended: Mapping[str, bool] = {}
            if begun is not None:
                self._take_over(begun, seeds)
                plans, scales = planned_round(db, self._run_id, number), self._learner.scales(number)
                ended = round_ends(db, self._run_id, number)
            waiting = [plan for plan in plans if plan.id not in ended]
            self._target.plan([plan.id for plan in plans], ended)
            self._watcher.round_planned(number, rounds, len(waiting))
            earlier = (lambda plan: _calls_of(db, plan)) if begun else (lambda plan: NONE_EARLIER)
            await self._play(waiting, scales, earlier)
        self._log.cancel_lessons(self._target.beyond, BEYOND)
        self._log.flush()

    def _cast(self, number: int, seeds: Sequence[Seed]) -> tuple[list[LessonPlan], Mapping[Unit, float]]:
        """Plan a round and log it; with the gaps of difficulty that are large by now."""
        learned = self._learner.learn(number)
        plans = self._plan(number, seeds, learned, self._memory.tell(number, seeds, learned))
        self._topics |= {(plan.scenario, plan.task_type): None for plan in plans}
        rows = learned.rows(list(self._topics), self._inputs, self._run_id, number)
        self._log.plan_round(self._run_id, plans, rows)
        return plans, learned.scales

    def _take_over(self, begun: RoundView, seeds: Sequence[Seed]) -> None:
        """What the planning of a round has left behind."""
        self._topics |= dict.fromkeys(begun.topics)
        unplaced = len({seed.id for seed in seeds}) - begun.seeds
        if unplaced:
            self.unplaced[NOT_SIMILAR] += unplaced

    def _skip(self, begun: RoundView, rounds: int, seeds: Sequence[Seed]) -> None:
        """A round that was played to its end before."""
        self._take_over(begun, seeds)
        if self._inputs.target is not None:
            with self._reader() as db:
                ended = round_ends(db, self._run_id, begun.number)
            self._target.plan(list(ended), ended)
            self._log.cancel_lessons(self._target.beyond, BEYOND)
            self._log.flush()
        self._watcher.round_planned(begun.number, rounds, 0)

    async def _play(
        self, plans: Sequence[LessonPlan], scales: Mapping[Unit, float], earlier: Callable[[LessonPlan], Earlier]
    ) -> None:

        async def play(plan: LessonPlan) -> Lesson:
            known = earlier(plan)
            while True:
                try:
                    return await self._company.play(plan, scales, known)
                except EndpointDown:
                    self._log.flush()
                    known = recorded_calls(self._log_path, plan)

        await play_all(
            plans,
            play,
            concurrency=self._concurrency,
            started=lambda plan: self._log.start_lesson(plan.id),
            done=self._done,
            enough=lambda: self._target.reached,
        )

    @property
    def target_reached(self) -> bool:
        return self._target.reached

    def close_books(self, rounds: int) -> None:
        """Log the selection that the last round leads to, as the distribution of a round not played."""
        learned = self._learner.learn(rounds + 1)
        self._log.record_selections(learned.rows(list(self._topics), self._inputs, self._run_id, rounds + 1))

    def _done(self, lesson: Lesson) -> None:
        self._log.finish_lesson(lesson)
        self._target.add(lesson)
        self._watcher.lesson_ended(lesson)

    @contextmanager
    def _reader(self) -> Iterator[Database]:
        db = open_log(self._log_path, readonly=True)
        try:
            yield db
        finally:
            db.close()

    def _rounds(self) -> dict[int, RoundView]:
        with self._reader() as db:
            return {found.number: found for found in run_rounds(db, self._run_id)}

    def _plan(self, number: int, seeds: Sequence[Seed], learned: Learned, told: Told) -> list[LessonPlan]:
        """One lesson a seed and scenario that accepts it, seed by seed. Topics not met before start uniform."""
        inputs = self._inputs
        plans: list[LessonPlan] = []
        for place, seed in enumerate(seeds):
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
                        position=place,
                        random_seed=inputs.random_seed,
                        run_id=self._run_id,
                    )
                )
            if len(plans) == before:
                self.unplaced[NOT_SIMILAR] += 1
        return plans
