"""Rounds: cast, play, log, update selection. The only room that closes the loop from grades back to casting.

A run is a function of its inputs: the same seeds, scenario texts, pool, judge, rounds, candidates, rule and random seed
are the same run, and the same command goes on with it where it was left.
"""

from __future__ import annotations

import asyncio
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from master_autogen import __version__
from master_autogen.casting import SimilarQuestions
from master_autogen.embedding import Embedder, HashingEmbedder, best_embedder, embedder_named
from master_autogen.engines.company import Company, Earlier
from master_autogen.engines.processes import Workers
from master_autogen.errors import BudgetSpent
from master_autogen.log import LogWriter, RunRecord, RunStatus, RunView, get_run, open_log, run_records
from master_autogen.models.providers import build_clients
from master_autogen.pipeline.inputs import Inputs, check_inputs, similar_pool, sort_out, split_rounds
from master_autogen.pipeline.limits import Budget, SharedSums, Spending, check_budget
from master_autogen.pipeline.playing import Elsewhere, Playing, fewest, make_clients
from master_autogen.pipeline.remembering import Memory
from master_autogen.pipeline.rounds import BEYOND, Player, Watcher, recorded_calls
from master_autogen.pool import Pool
from master_autogen.records import Call, Lesson, LessonPlan

EngineName = Literal["local", "processes"]


class Nobody:
    """A watcher that does not look."""

    def run_begun(self, run_id: str, resumed: bool) -> None:
        """Nothing to do."""

    def round_planned(self, number: int, rounds: int, lessons: int) -> None:
        """Nothing to do."""

    def call_ended(self, call: Call) -> None:
        """Nothing to do."""

    def lesson_ended(self, lesson: Lesson) -> None:
        """Nothing to do."""

    def warned(self, text: str) -> None:
        """Nothing to do."""


class AlreadyFinished(Exception):
    """This very run has been played to its end; `run_id` names it."""

    def __init__(self, run_id: str) -> None:
        super().__init__(f"run {run_id} is finished")
        self.run_id = run_id


@dataclass(frozen=True)
class Outcome:
    """A run that has ended: `run_id`, whether it was `resumed`, `seeds_played` of `seeds_in`, and in `not_played` what
    became of the others, by reason."""

    run_id: str
    resumed: bool
    seeds_in: int
    seeds_played: int
    not_played: Counter[str] = field(default_factory=Counter)


async def run(
    inputs: Inputs,
    log_path: Path,
    *,
    concurrency: int = 16,
    new: bool = False,
    watcher: Watcher | None = None,
    embedder: Embedder | None = None,
    budget: Budget | None = None,
    environ: Mapping[str, str] = os.environ,
    engine: EngineName = "local",
    workers: int = 2,
    setup: Callable[[], object] | None = None,
) -> Outcome:
    """Play a run to its end and log all of it in `log_path`; goes on with an unfinished run of the same inputs.

    Raises `AlreadyFinished` where the run has ended before and `new` does not ask for another, `UserError` for inputs
    that cannot be played. Cancelled, or where the `budget` is spent (`BudgetSpent`), it leaves the run `stopped`, with
    everything done kept.

    `engine` "processes" plays in `workers` processes, with the same results; `setup`, which has to be picklable, is
    called in each before it plays, to register what this process has registered.
    """
    check_inputs(inputs)
    if budget is not None:
        check_budget(budget, inputs.pool)
    playable, not_played = sort_out(inputs)
    rounds = split_rounds(playable, inputs.rounds, inputs.seeds_per_round)
    run_id, resumed = _run_id(inputs, log_path, new)
    earlier = _so_far(log_path, run_id) if resumed and budget else None
    spending = Spending(budget, earlier)
    spending.allow()
    clients = build_clients(inputs.pool, environ=environ, allow=spending.allow)
    make_clients(clients, inputs.pool)
    await clients.reach()
    # A set of some hundred thousand questions is embedded at once here: by words, which takes no model.
    similar = SimilarQuestions(similar_pool(inputs), HashingEmbedder())
    embedder = embedder or _embedder(inputs, log_path, run_id, resumed)
    status: RunStatus = "failed"
    watcher = watcher or Nobody()
    with LogWriter(log_path) as log, TemporaryDirectory() as folder:
        listener = _Listener(log, spending, watcher)
        company: Company = Playing(inputs, clients, listener)
        if engine == "processes":
            await clients.close()  # the workers have their own
            count = _count(workers, inputs.pool, concurrency, watcher)
            SharedSums.make(sums := Path(folder) / "spent", count)
            bare = replace(inputs, seeds=(), files={})
            opening = Elsewhere(bare, dict(environ), count, sums, budget, earlier)

            def again(plan: LessonPlan) -> Earlier:
                log.flush()
                return recorded_calls(log_path, plan)

            company = here = Workers(opening, listener, again, count=count, setup=setup)
            await here.start()
        log.begin_run(_record(inputs, run_id, embedder))
        watcher.run_begun(run_id, resumed)
        memory = Memory(inputs, run_id, log, log_path, embedder)
        player = Player(inputs, run_id, log, log_path, company, similar, memory, watcher, concurrency, resumed)
        try:
            for number, seeds in enumerate(rounds, 1):
                await player.play_round(number, len(rounds), seeds)
                if player.target_reached:
                    break
            player.close_books(number)
            status = "finished"
        except (asyncio.CancelledError, BudgetSpent):
            status = "stopped"
            raise
        finally:
            await company.close()
            log.end_run(run_id, status)
    reached = sum(len(seeds) for seeds in rounds[:number])
    played = reached - player.unplaced.total()
    if (beyond := len(playable) - reached) > 0:
        not_played[BEYOND if player.target_reached else "beyond the last round"] += beyond
    return Outcome(run_id, resumed, len(inputs.seeds), played, not_played + player.unplaced)


def _so_far(log_path: Path, run_id: str) -> RunView:
    db = open_log(log_path, readonly=True)
    try:
        return get_run(db, run_id)
    finally:
        db.close()


class _Listener:
    """Calls go into the log, are paid for, and are shown."""

    def __init__(self, log: LogWriter, spending: Spending, watcher: Watcher) -> None:
        self._log = log
        self._spending = spending
        self._watcher = watcher

    def call_ended(self, call: Call) -> None:
        self._log.put_call(call)
        self._spending.add(call)
        self._watcher.call_ended(call)

    def warned(self, text: str) -> None:
        self._watcher.warned(text)


def _count(wanted: int, pool: Pool, concurrency: int, watcher: Watcher) -> int:
    """How many workers can share the lessons, and the calls that each endpoint takes at once."""
    name, calls = fewest(pool)
    if calls < min(wanted, concurrency):
        watcher.warned(
            f"{calls} worker{'s' * (calls > 1)} in place of {wanted}: model {name!r} takes at most {calls} "
            f"call{'s' * (calls > 1)} at once (limits: concurrency in the pool file)"
        )
    return min(wanted, concurrency, calls)


def _run_id(inputs: Inputs, log_path: Path, new: bool) -> tuple[str, bool]:
    """The id of this run, and whether the log holds a part of it. A new playing of a finished run gets "-2", "-3" …"""
    identity = inputs.identity()
    if not log_path.exists():
        return identity, False
    db = open_log(log_path, create=True)  # a run that died at once may have left a file without tables
    try:
        played = {r.id: r.status for r in run_records(db) if r.id == identity or r.id.startswith(identity + "-")}
    finally:
        db.close()
    unfinished = [run_id for run_id, status in played.items() if status != "finished"]
    if unfinished and not new:
        return unfinished[-1], True
    if not played:
        return identity, False
    if not new:
        raise AlreadyFinished(list(played)[-1])
    return f"{identity}-{len(played) + 1}", False


def _embedder(inputs: Inputs, log_path: Path, run_id: str, resumed: bool) -> Embedder:
    """The memory bank's: the one the run began with, as other vectors would cast otherwise; else the best there is."""
    if inputs.candidates in (0, 1):
        return HashingEmbedder()
    if not resumed:
        return best_embedder()
    db = open_log(log_path, readonly=True)
    try:
        (begun,) = (record for record in run_records(db) if record.id == run_id)
        return embedder_named(str(begun.config.get("embedder", HashingEmbedder.name)))
    finally:
        db.close()


def _record(inputs: Inputs, run_id: str, embedder: Embedder) -> RunRecord:
    packages = ("pyautogen", "autogen-agentchat", "pydantic", "httptools", "sqlite-utils")
    versions = {"master-autogen": __version__, "python": platform.python_version()}
    texts = {s.name: s.model_dump(mode="json") for s in inputs.scenarios}
    return RunRecord(
        id=run_id,
        started=time.time(),
        status="running",
        config=inputs.settings()
        | {
            "embedder": embedder.name,
            "judge_shares_family": inputs.shared_families,
            "scenario_texts": texts,
            "pool_text": inputs.pool.recorded(),
            "files": dict(inputs.files),
        }
        | ({"checks": [file._asdict() for file in inputs.own_checks]} if inputs.own_checks else {}),
        versions=versions | {name: version(name) for name in packages},
        random_seed=inputs.random_seed,
    )
