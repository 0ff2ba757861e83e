"""Calls that wait for their turn: cancelled there they are no rows, and they are made only if there is money left."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from master_autogen.errors import BudgetSpent
from master_autogen.models.local_workers import Stopped, Workers
from master_autogen.models.providers import build_clients
from master_autogen.models.recorded import RecordedClient, RecordedScorer
from master_autogen.models.scoring import HttpScorer
from master_autogen.pool import ModelSpec, Price
from master_autogen.records import Call
from tests.endpoint import Behaviour, MockEndpoint, completion, replies, says
from tests.kit import scripted_pool
from tests.test_models_recorded import ASK, SITE

LEAN, AUTOGEN = "openai", "autogen_ext.models.openai.OpenAIChatCompletionClient"


def spec(endpoint: MockEndpoint, provider: str, concurrency: int) -> ModelSpec:
    fields = {"provider": provider, "model": "gpt-4o", "base_url": endpoint.base_url, "family": "unknown"}
    return ModelSpec.model_validate(fields | {"api_key_env": "K", "limits": {"concurrency": concurrency}})


def held(arrived: asyncio.Event, go_on: asyncio.Event) -> Behaviour:
    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        arrived.set()
        await go_on.wait()
        return web.json_response(completion("four", model="gpt-4o-2024-08-06"))

    return behave


@pytest.mark.parametrize("provider", [LEAN, AUTOGEN])
async def test_what_was_never_sent_is_no_row(provider: str) -> None:
    rows: list[Call] = []
    arrived, go_on = asyncio.Event(), asyncio.Event()
    async with MockEndpoint(held(arrived, go_on)) as endpoint:
        clients = build_clients(scripted_pool(models={"m": spec(endpoint, provider, 1)}), environ={"K": "sk-12345678"})
        asked = [
            asyncio.create_task(RecordedClient(clients.chat("m"), SITE, rows.append).create(ASK)) for _ in range(4)
        ]
        await arrived.wait()
        for task in asked:
            task.cancel()
        await asyncio.wait(asked)
        assert all(task.cancelled() for task in asked)
        assert [row.error for row in rows] == ["cancelled"]  # the one that the endpoint has seen
        go_on.set()
        assert (await RecordedClient(clients.chat("m"), SITE, rows.append).create(ASK)).content == "four"
        await clients.close()
    assert [row.status for row in rows] == ["error", "ok"]


@pytest.mark.parametrize("provider", [LEAN, AUTOGEN])
async def test_a_budget_is_asked_when_a_call_gets_its_turn(provider: str) -> None:
    rows: list[Call] = []

    def allow() -> None:
        if len(rows) >= 3:
            raise BudgetSpent("the budget of 3 calls is spent")

    async with MockEndpoint(says("four", model="gpt-4o-2024-08-06")) as endpoint:
        pool = scripted_pool(models={"m": spec(endpoint, provider, 2)})
        clients = build_clients(pool, environ={"K": "sk-12345678"}, allow=allow)
        asked = [RecordedClient(clients.chat("m"), SITE, rows.append, allow=allow).create(ASK) for _ in range(20)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        await clients.close()
        made = [one for one in found if not isinstance(one, BudgetSpent)]
        assert len(made) == len(endpoint.bodies) == len(rows) == 4  # one more was on its way


async def test_work_of_the_embedded_engine_is_allowed_when_there_is_a_thread_for_it() -> None:
    workers, done = Workers(1), list[int]()

    def allow() -> None:
        if len(done) >= 2:
            raise BudgetSpent("the budget of 2 calls is spent")

    def work(stopped: Stopped) -> None:
        done.append(len(done))

    found = await asyncio.gather(*(workers.run(work, 5.0, allow) for _ in range(6)), return_exceptions=True)
    await asyncio.to_thread(workers.close)
    assert (len(done), sum(isinstance(one, BudgetSpent) for one in found)) == (2, 4)


@pytest.mark.parametrize(
    ("usage", "tokens", "estimated", "cost"),
    [({"prompt_tokens": 1000}, 1000, False, 0.001), (None, 3, True, 3e-6)],
)
async def test_a_score_costs_what_the_server_counted_or_an_estimate(
    usage: Any, tokens: int, estimated: bool, cost: float
) -> None:
    """Its tokens' texts do not add up, so that nothing can be counted by them."""
    strange = {"tokens": ["Ċ", "Ġx"], "token_logprobs": [-1.0, -1.0]}
    rows: list[Call] = []
    async with MockEndpoint(replies({"choices": [{"logprobs": strange}], "usage": usage})) as endpoint:
        inner = HttpScorer(ModelSpec(provider="openai", model="m", base_url=endpoint.base_url), environ={})
        site = SITE._replace(purpose="score", price=Price(prompt=1.0))
        found = await RecordedScorer(inner, site, rows.append).score("Why?", "So it is")
        await inner.close()
    assert (found.logprob, found.billed_tokens) == (None, usage and 1000)
    (row,) = rows
    assert (row.prompt_tokens, row.completion_tokens, row.tokens_estimated) == (tokens, 0, estimated)
    assert row.cost == pytest.approx(cost)
