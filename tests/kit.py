"""What several test files need: seeds, a stage on the scripted pool, and a way to play without a log."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from master_autogen.casting import plan_lesson
from master_autogen.classroom.stage import Guest, Stage
from master_autogen.classroom.team import RuntimeName
from master_autogen.grading.quality import read_rubric
from master_autogen.models.providers import build_clients
from master_autogen.models.scripted import ScriptedClient
from master_autogen.pool import Pool, read_pool
from master_autogen.records import Call, Kind, LessonPlan, Seed
from master_autogen.scenario import Scenario, read_scenario

APPLES = Seed(
    instruction="Mia has 14 apples and buys 23 more. How many apples does she have?",
    response="Mia starts with 14 apples and buys 23, so she has 14 + 23 = 37 apples. The answer is 37.",
    answer="37",
    kind="math",
    source="tests",
)
PEARS = Seed(
    instruction="Tom has 31 pears and picks 28 more. How many pears does he have?",
    response="Tom starts with 31 pears and picks 28, so he has 31 + 28 = 59 pears. The answer is 59.",
    answer="59",
    kind="math",
    source="tests",
)
ESSAY = Seed(
    instruction="Name two things a good title does.",
    response="It says what the text is about, and it makes one want to read on.",
    kind="general",
    source="tests",
)


def seed_for(scenario: Scenario) -> Seed:
    return APPLES if "math" in scenario.kinds else ESSAY


def plan(scenario: Scenario, pool: Pool, *, candidates: int = 1, seed: Seed | None = None, **more: Any) -> LessonPlan:
    similar = PEARS if scenario.similar else None
    return plan_lesson(scenario, pool, seed or seed_for(scenario), similar=similar, candidates=candidates, **more)


def scripted_pool(**changes: Any) -> Pool:
    return read_pool("scripted", {}).model_copy(update=changes)


def stage(
    scenario: str | Scenario,
    pool: Pool | None = None,
    *,
    calls: list[Call] | None = None,
    runtime: RuntimeName = "own",
    guests: Mapping[str, Guest] | None = None,
    judge: bool = True,
) -> Stage:
    pool = pool or scripted_pool()
    return Stage(
        read_scenario(scenario) if isinstance(scenario, str) else scenario,
        pool,
        build_clients(pool, environ={}),
        (calls if calls is not None else []).append,
        rubric=read_rubric("pairwise") if judge else None,
        runtime=runtime,
        guests=guests or {},
    )


def kind_of(name: str) -> Kind:
    return seed_for(read_scenario(name)).kind


@cache
def _scripted(model: str) -> ScriptedClient:
    return ScriptedClient(scripted_pool().models["careful"].rules, model, keep_requests=False)


async def scripted_answer(body: Mapping[str, Any]) -> str:
    """What the scripted pool's careful model says to the body of a request: for mock endpoints."""
    from autogen_core.models import UserMessage

    text = "\n".join(f"{message['role']}: {message['content']}" for message in body["messages"])
    said = await _scripted(body["model"]).ask([UserMessage(content=text, source="user")], {"seed": body.get("seed", 0)})
    return str(said.content)
