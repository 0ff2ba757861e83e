"""What is tried again, what is not, and what others wait for meanwhile. Rows and replay: test_models_recorded.py."""

from __future__ import annotations

import asyncio

import pytest

from master_autogen.draws import draw
from master_autogen.errors import CallError, EndpointDown, NotSent, UserError
from master_autogen.models.http import Endpoint, HttpClient
from master_autogen.models.recorded import RecordedClient
from master_autogen.pool import Limits, ModelSpec
from tests.endpoint import MockEndpoint, fails, says
from tests.test_models_recorded import ASK, SITE, Log, ask, ok


async def test_a_quota_that_comes_back_another_day_ends_the_run_and_is_not_replayed() -> None:
    log, again = Log(), Log()
    errors = [CallError("rate_limit", f"HTTP 429: {wait}", retry_after=wait) for wait in (300.0, 3600.5)]
    with pytest.raises(UserError) as caught:
        await ask(log.client([*errors, ok("42")]))
    assert str(caught.value) == (
        "model 'm': HTTP 429: 3600.5; it is to be asked again in 3,600 s: run the same command again then"
    )
    assert (len(log.calls), len(log.slept)) == (2, 1)
    assert (await ask(again.client([ok("42")], recorded=log.calls))).content == "42"
    assert [call.tries for call in again.calls] == [3]


async def test_a_rate_limit_is_waited_for_and_is_none_of_the_tries() -> None:
    """A quota a minute is back by then, whether or not the endpoint says when."""
    log, again = Log(), Log()
    for told in (None, 1.0, 0.0):
        log = Log()
        refused = CallError("rate_limit", "HTTP 429: slow down", retry_after=told)
        busy = CallError("server", "HTTP 500: busy")
        assert (await ask(log.client([busy, *[refused] * 8, busy, busy, ok("42")]))).content == "42"
        assert 50 < sum(log.slept[1:9]) < 90
    with pytest.raises(CallError, match="busy"):  # as ever
        await ask(again.client([busy, *[refused] * 7, *[busy] * 3, ok("42")]))


async def test_a_rate_limit_that_lasts_ends_the_run_and_the_same_command_goes_on() -> None:
    for told, told_s in ((None, 0.0), (2.0, 2.0)):
        log, again = Log(), Log()
        client = log.client([CallError("rate_limit", "HTTP 429: slow down.", retry_after=told)] * 99)
        with pytest.raises(UserError) as caught:
            await ask(client)
        assert str(caught.value) == (
            "model 'm': HTTP 429: slow down; it said so for 90 s. Run the same command again later, or with fewer calls "
            "at once (limits: concurrency in the pool file)"
        )
        assert 90 <= sum(log.slept) < 110
        assert all(seconds <= 20 for seconds in log.slept)
        assert all(seconds >= told_s for seconds in log.slept)
        assert len(log.calls) == len(log.slept) + 1
        replies = [*[CallError("rate_limit", "HTTP 429: slow down")] * 9, ok("42")]
        assert (await ask(again.client(replies, recorded=log.calls))).content == "42"
        assert again.calls[0].tries == len(log.calls) + 1


async def test_an_error_that_asks_to_be_left_for_an_hour_is_tried_as_often_as_others() -> None:
    log = Log()
    with pytest.raises(CallError, match="HTTP 503"):
        await ask(log.client([CallError("server", "HTTP 503: down", retry_after=3600.0)] * 9))
    assert (len(log.calls), len(log.slept)) == (4, 3)
    assert max(log.slept) <= 2


async def test_strict_replay_raises_what_a_rate_limit_came_to() -> None:
    """As it failed a call in logs of old."""
    log = Log()
    with pytest.raises(UserError):
        await ask(log.client([CallError("rate_limit", "HTTP 429: slow down")] * 99))
    with pytest.raises(CallError, match="HTTP 429: slow down"):
        await ask(Log().client([ok("42")], recorded=log.calls, strict=True))


async def test_what_was_not_sent_to_a_dead_endpoint_is_no_try_and_no_row() -> None:
    log, again = Log(), Log()
    busy = CallError("server", "HTTP 503: no")
    with pytest.raises(EndpointDown) as caught:
        await ask(log.client([busy, NotSent("connection", "http://h/v1 is down: no", retry_after=7.0)]))
    assert str(caught.value) == "model 'm': http://h/v1 is down: no; start it and run the same command again"
    assert ([call.error for call in log.calls], len(log.slept)) == (["HTTP 503: no"], 1)
    assert (await ask(again.client([busy, busy, ok("42")], recorded=log.calls))).content == "42"
    assert [call.tries for call in again.calls] == [2, 3, 4]


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
