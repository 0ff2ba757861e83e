"""Lessons played in one process: a stage for each scenario, on the process's own clients."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from master_autogen.checks import own_checks
from master_autogen.classroom.stage import Stage
from master_autogen.engines.company import Earlier, Listener
from master_autogen.errors import UserError
from master_autogen.grading.difficulty import Unit
from master_autogen.lesson import play_lesson
from master_autogen.log import RunView
from master_autogen.models.providers import Clients, build_clients
from master_autogen.pipeline.inputs import Inputs
from master_autogen.pipeline.limits import Budget, SharedSums, Spending
from master_autogen.pipeline.outages import Outages
from master_autogen.pool import Pool
from master_autogen.records import CHECKS, Call, Lesson, LessonPlan


class Playing:
    """The `Company` of one process. Of `inputs`, the seeds are not used."""

    def __init__(self, inputs: Inputs, clients: Clients, listener: Listener) -> None:
        self._inputs = inputs
        self._clients = clients
        self._outages = Outages(inputs, clients, listener.warned)
        self._stages = {
            scenario.name: Stage(
                scenario,
                inputs.pool,
                clients,
                listener.call_ended,
                rubric=inputs.rubric,
                code_check=inputs.code_check,
            )
            for scenario in inputs.scenarios
        }

    async def play(self, plan: LessonPlan, scales: Mapping[Unit, float], earlier: Earlier) -> Lesson:
        """See `Company.play`."""
        stage = replace(self._stages[plan.scenario], recorded=lambda owner: earlier.get(owner, ()))
        normaliser = self._inputs.normaliser
        return await self._outages.play(
            stage.scenario, plan, lambda cast: play_lesson(stage, cast, scales=scales, normaliser=normaliser)
        )

    async def close(self) -> None:
        await self._clients.close()


class Paying:
    """A `Listener` that adds up what the calls cost before it hands them on."""

    def __init__(self, spending: Spending, to: Listener) -> None:
        self._spending = spending
        self._to = to

    def call_ended(self, call: Call) -> None:
        self._spending.add(call)
        self._to.call_ended(call)

    def warned(self, text: str) -> None:
        self._to.warned(text)


@dataclass(frozen=True)
class Elsewhere:
    """The `Opening` of worker processes: what each of `count` needs to play its lessons, in a form that can be sent.
    All of them together spend at most the `budget`, added up in the file `sums`."""

    inputs: Inputs
    environ: Mapping[str, str]
    count: int
    sums: Path
    budget: Budget | None
    earlier: RunView | None

    def __call__(self, place: int, listener: Listener) -> Playing:
        _know_checks(self.inputs)
        spending = Spending(self.budget, self.earlier, SharedSums(self.sums, place))
        inputs = replace(self.inputs, pool=share(self.inputs.pool, place, self.count))
        clients = build_clients(inputs.pool, environ=self.environ, allow=spending.allow)
        make_clients(clients, inputs.pool)
        return Playing(inputs, clients, Paying(spending, listener))


_kept = ExitStack()
"""What has to last as long as a worker process."""


def _know_checks(inputs: Inputs) -> None:
    """Make the user's own checks known in this process; `UserError` where they are not those the run began with."""
    found = _kept.enter_context(own_checks([Path(file.path) for file in inputs.own_checks]))
    for began, now in zip(inputs.own_checks, found, strict=True):
        if began.sha256 != now.sha256:
            raise UserError(f"{now.path} was changed while the run went on; the same command begins another run")
    named = (check for scenario in inputs.scenarios for phase in scenario.script for check in phase.checks)
    if unknown := [check for check in named if check not in CHECKS]:
        raise UserError(
            f"check {unknown[0]!r} is not known in worker processes: it was registered in the process that began the "
            "run; put it into a file and name that with --checks"
        )


def make_clients(clients: Clients, pool: Pool) -> None:
    """Make every client that a run may need; `UserError` where a key or a package is missing."""
    for model in dict.fromkeys(agent.model for agent in pool.agents.values()):
        clients.chat(model)
    for scorer in (pool.scorers.small, pool.scorers.large):
        if scorer is not None:
            clients.scorer(scorer)


def share(pool: Pool, place: int, count: int) -> Pool:
    """The pool for one of `count` processes: the calls that each endpoint takes at once are divided among them."""
    models = {}
    for name, model in pool.models.items():
        each, more = divmod(model.limits.concurrency, count)
        limits = model.limits.model_copy(update={"concurrency": each + (place < more)})
        models[name] = model.model_copy(update={"limits": limits})
    return pool.model_copy(update={"models": models})


def fewest(pool: Pool) -> tuple[str, int]:
    """The model that takes the fewest calls at once, and how many: more workers could not share them. Rules of a
    scripted model take any number."""
    asked = [(name, model.limits.concurrency) for name, model in pool.models.items() if model.provider != "scripted"]
    return min(asked, key=lambda found: found[1], default=("", 2**31))
