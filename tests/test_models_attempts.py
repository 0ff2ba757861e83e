"""What is tried again, what is not, and what others wait for meanwhile. Rows and replay: test_models_recorded.py."""

from __future__ import annotations

import asyncio

import pytest

from master_autogen.draws import draw
from master_autogen.errors import CallError, UserError
from master_autogen.models.http import Endpoint, HttpClient
from master_autogen.models.recorded import RecordedClient
from master_autogen.pool import Limits, ModelSpec
from tests.endpoint import MockEndpoint, fails, says
from tests.test_models_recorded import ASK, SITE, Log, ask, ok


async def test_who_is_told_to_come_back_another_day_gives_up() -> None:
    log = Log()
    errors = [CallError("rate_limit", f"HTTP 429: {wait}", retry_after=wait) for wait in (300.0, 300.5)]
    with pytest.raises(CallError, match=r"HTTP 429: 300\.5"):
        await ask(log.client([*errors, ok("42")]))
    assert (len(log.calls), len(log.slept)) == (2, 1)


async def test_a_refusal_is_asked_about_once_more_with_another_seed() -> None:
    log = Log()
    client = log.client([CallError("refusal", "refused: I will not."), ok("42")])
    assert (await ask(client)).content == "42"
    assert [call.error for call in log.calls] == ["refused: I will not.", None]
    other = draw("refused", 7) % 2**31
    assert [call.request["sampling"]["seed"] for call in log.calls] == [7, other]
    assert [inner.args["seed"] for inner in client._inner.requests] == [7, other]
    assert (log.slept, [call.tries for call in log.calls]) == ([], [1, 2])
    again = Log()
    assert (await ask(again.client([], recorded=log.calls, strict=True))).content == "42"
    for seed in ({"seed": 7}, {}):  # refused twice, or with no seed to change
        log = Log()
        with pytest.raises(CallError, match="no"):
            await log.client([CallError("refusal", "no")] * 3).create(ASK, extra_create_args=seed)
        assert len(log.calls) == 1 + len(seed)


async def test_a_refused_key_is_a_row_and_ends_the_run_and_is_not_replayed() -> None:
    log, again = Log(), Log()
    refused = CallError("setup", "http://h/v1 refuses the key in MY_KEY (HTTP 401: no)", http_status=401)
    with pytest.raises(UserError) as caught:
        await ask(log.client([refused]))
    assert str(caught.value) == (
        "model 'm': http://h/v1 refuses the key in MY_KEY (HTTP 401: no); mend it and run the same command again"
    )
    assert [(call.status, call.http_status, call.detail["kind"]) for call in log.calls] == [("error", 401, "setup")]
    assert (await ask(again.client([ok("42")], recorded=log.calls))).content == "42"
    assert [call.tries for call in again.calls] == [2]


async def test_a_call_that_waits_for_its_retry_holds_no_slot_and_no_other_endpoint() -> None:
    """There is one slot, and the first is told to come back in 250 s: whoever asks meanwhile is answered."""
    waiting, go_on = asyncio.Event(), asyncio.Event()

    async def sleep(seconds: float) -> None:
        assert 250 <= seconds <= 250.5
        waiting.set()
        await go_on.wait()

    async with MockEndpoint(fails(429, retry_after="250"), says("42")) as one, MockEndpoint(says("43")) as two:
        limits = Limits(concurrency=1)
        shared = [HttpClient(_spec(e.base_url), endpoint=Endpoint(e.base_url, limits=limits)) for e in (one, two)]
        log = Log()
        late = RecordedClient(shared[0], SITE, log.calls.append, sleep=sleep)
        async with asyncio.timeout(10):
            task = asyncio.create_task(ask(late))
            await waiting.wait()
            said = [(await ask(RecordedClient(client, SITE, Log().calls.append))).content for client in shared]
            go_on.set()
            assert (await task).content == "42"
        for client in shared:
            await client.close()
    assert said == ["42", "43"]
    assert [call.http_status for call in log.calls] == [429, None]


def _spec(base_url: str) -> ModelSpec:
    return ModelSpec(provider="openai", base_url=base_url)
