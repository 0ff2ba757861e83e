"""Lessons while an endpoint is dead: its agents have stand-ins; where there are none, the lesson waits a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from master_autogen.casting import NobodyLeft, stand_ins
from master_autogen.errors import EndpointDown, UserError
from master_autogen.models.providers import Clients
from master_autogen.pipeline.inputs import Inputs
from master_autogen.records import Lesson, LessonPlan
from master_autogen.scenario import Scenario

PATIENCE_S = 60.0
"""How long a lesson that nobody can play waits, in seconds. Then the run ends, so that the same command can go on with
it: a lesson played into nothing would be failed for good."""
LOOK_S = 1.0


class Outages:
    """Casts every lesson anew as it is to be played. `warn` is told once when an endpoint dies and once when it is
    back."""

    def __init__(
        self,
        inputs: Inputs,
        clients: Clients,
        warn: Callable[[str], None],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._inputs = inputs
        self._clients = clients
        self._warn = warn
        self._sleep = sleep
        self._patience_s = patience_s
        self._told: set[str] = set()

    async def play(
        self, scenario: Scenario, plan: LessonPlan, play: Callable[[LessonPlan], Awaitable[Lesson]]
    ) -> Lesson:
        """The lesson by whoever is there; its plan stays as it was drawn, so that the log has both casts.

        Raises `UserError` where nobody was there for too long, and `EndpointDown` where somebody went in the middle of
        it: played again, with the calls made until then, it has stand-ins or waits as any other lesson.
        """
        cast = await self._cast(scenario, plan)
        try:
            lesson = await play(cast)
        except EndpointDown:
            await self._sleep(LOOK_S)  # another process may not know of it yet
            raise
        return lesson.model_copy(update={"plan": plan})

    async def _cast(self, scenario: Scenario, plan: LessonPlan) -> LessonPlan:
        waited = 0.0
        while True:
            down = await self._down()
            try:
                return self._without(down, scenario, plan)
            except UserError:
                if waited >= self._patience_s:
                    raise
            await self._sleep(LOOK_S)
            waited += LOOK_S

    def _without(self, down: Mapping[str, str], scenario: Scenario, plan: LessonPlan) -> LessonPlan:
        """The plan with stand-ins. `UserError` where there are none, or where it would stay unmeasured or its
        candidates unjudged."""
        pool = self._inputs.pool
        out = {name for name, agent in pool.agents.items() if agent.model in down}
        judges = pool.judges if self._inputs.rubric is not None and len(plan.episodes) > 1 else []
        try:
            for judge in judges:
                if judge in out:
                    raise NobodyLeft("quality_judge", judge)
            cast = stand_ins(scenario, pool, plan, out)
        except NobodyLeft as nobody:
            raise _wanted(str(nobody), down[pool.agents[nobody.agent].model]) from None
        for scorer in self._scorers:
            if scorer in down:
                raise _wanted(f"nobody can measure difficulty in place of model {scorer!r}", down[scorer])
        return cast

    @property
    def _scorers(self) -> list[str]:
        scorers = self._inputs.pool.scorers
        return [model for model in (scorers.small, scorers.large) if model is not None]

    async def _down(self) -> dict[str, str]:
        """Why, by model, for every model of the pool's agents and scorers whose endpoint is dead."""
        down: dict[str, str] = {}
        agents = [agent.model for agent in self._inputs.pool.agents.values()]
        for model in dict.fromkeys(agents + self._scorers):
            if (why := await self._clients.down(model)) is not None:
                down[model] = why
        for model in sorted(set(down) - self._told):
            what = "wait" if model in self._scorers else "are played without it"
            self._warn(f"model {model!r}: {down[model]}; lessons {what} until it is back")
        for model in sorted(self._told - set(down)):
            self._warn(f"model {model!r} is back")
        self._told = set(down)
        return down


def _wanted(what: str, why: str) -> UserError:
    return UserError(f"{what}: {why}. Start it and run the same command again")
