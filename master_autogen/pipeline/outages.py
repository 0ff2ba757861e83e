"""Lessons while an endpoint is dead: its agents have stand-ins; where there are none, the lesson waits a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

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
            pool = self._inputs.pool
            out = {name for name, agent in pool.agents.items() if agent.model in down}
            try:
                return self._graded(stand_ins(scenario, pool, plan, out), out)
            except NobodyLeft as nobody:
                if waited >= self._patience_s:
                    why = down[pool.agents[nobody.agent].model]
                    raise UserError(f"{nobody}: {why}. Start it and run the same command again") from None
            await self._sleep(LOOK_S)
            waited += LOOK_S

    def _graded(self, plan: LessonPlan, out: set[str]) -> LessonPlan:
        """The same plan; `NobodyLeft` where its candidates would stay unjudged."""
        judges = self._inputs.pool.judges if self._inputs.rubric is not None and len(plan.episodes) > 1 else []
        for judge in judges:
            if judge in out:
                raise NobodyLeft("quality_judge", judge)
        return plan

    async def _down(self) -> dict[str, str]:
        """Why, by model, for every model of the pool's agents whose endpoint is dead."""
        down: dict[str, str] = {}
        for model in dict.fromkeys(agent.model for agent in self._inputs.pool.agents.values()):
            if (why := await self._clients.down(model)) is not None:
                down[model] = why
        for model in sorted(set(down) - self._told):
            self._warn(f"model {model!r}: {down[model]}; lessons are played without it until it is back")
        for model in sorted(self._told - set(down)):
            self._warn(f"model {model!r} is back")
        self._told = set(down)
        return down
