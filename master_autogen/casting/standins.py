"""Stand-ins: who plays where an agent's endpoint is dead. The draw hangs on the lesson alone, as every draw does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from master_autogen.draws import choose
from master_autogen.pool import Pool
from master_autogen.records import Cast, EpisodePlan, LessonPlan, Pair
from master_autogen.scenario import Scenario


class NobodyLeft(Exception):
    """A role that nobody can play: `agent` was cast for it, or is fixed in it."""

    def __init__(self, role: str, agent: str) -> None:
        super().__init__(f"nobody can play {role!r} in place of agent {agent!r}")
        self.role = role
        self.agent = agent


def stand_ins(scenario: Scenario, pool: Pool, plan: LessonPlan, out: Collection[str]) -> LessonPlan:
    """`plan` with other agents of the same side in place of those that are `out`; the same plan where none is.

    A base pair gets its stand-in from the other base pairs as long as one is there. A cast with a stand-in has no
    probability: it was not drawn by it. Raises `NobodyLeft`, also where a role outside the pair has lost its agent.
    """
    if not out:
        return plan
    for role in scenario.outside_pair:
        if pool.fixed[role] in out:
            raise NobodyLeft(role, pool.fixed[role])
    casts = (_recast(scenario, pool, plan, episode, out) for episode in plan.episodes)
    made = tuple(EpisodePlan(id=e.id, slot=e.slot, cast=c) for e, c in zip(plan.episodes, casts, strict=True))
    return plan if made == plan.episodes else plan.model_copy(update={"episodes": made})


def _recast(scenario: Scenario, pool: Pool, plan: LessonPlan, episode: EpisodePlan, out: Collection[str]) -> Cast:
    cast, is_base = episode.cast, episode.slot == 0
    key = (plan.random_seed, plan.scenario, plan.round, plan.seed.id, episode.slot)

    def agent(side: str, role: str, known: list[str], of: Callable[[Pair], str]) -> str:
        if of(cast.pair) not in out:
            return of(cast.pair)
        at_base = list(dict.fromkeys(of(pair) for pair in pool.base_pairs)) if is_base else []
        for names in (at_base, known):
            if there := [name for name in names if name not in out]:
                return choose(there, *key, "stand_in", side)
        raise NobodyLeft(role, of(cast.pair))

    pair = Pair(
        instruction=agent("instruction", scenario.pair.instruction, pool.instruction, lambda pair: pair.instruction),
        response=agent("response", scenario.pair.response, pool.response, lambda pair: pair.response),
    )
    if pair == cast.pair:
        return cast
    ours = {scenario.pair.instruction: pair.instruction, scenario.pair.response: pair.response}
    agents: Mapping[str, str] = {role: ours.get(role, name) for role, name in cast.agents.items()}
    return cast.model_copy(update={"pair": pair, "agents": agents, "probability": None})
