"""The lean client against a real local endpoint with the faults of real ones."""

import asyncio
import json
import socket
import time
from email.utils import formatdate
from typing import Any

import pytest
from autogen_core import CancellationToken
from autogen_core.models import CreateResult, RequestUsage, SystemMessage, UserMessage
from autogen_core.tools import FunctionTool
from pydantic import BaseModel

from master_autogen.errors import CallError, NotSent, UserError
from master_autogen.models.failures import retry_after
from master_autogen.models.health import Health
from master_autogen.models.http import Endpoint, HttpClient
from master_autogen.pool import Limits, ModelSpec
from tests.endpoint import (
    Behaviour,
    MockEndpoint,
    dribbles,
    drops,
    drops_half_way,
    echoes_its_headers,
    fails,
    hangs,
    in_thread,
    raw,
    redirects,
    replies,
    says,
    says_its_model,
)

ASK = [UserMessage(content="What is 6 * 7?", source="teacher")]
KEY = "sk-abc/123+secret"


class Grade(BaseModel):
    score: int


def spec(base_url: str, model: str = "mock", *, timeout_s: float = 5.0, **more: Any) -> ModelSpec:
    limits = {"timeout_s": timeout_s, "concurrency": more.pop("concurrency", 8)}
    return ModelSpec.model_validate(
        {"provider": "openai", "model": model, "base_url": base_url, "limits": limits, **more}
    )


async def ask(behaviour: Behaviour, environ: dict[str, str] | None = None, **more: Any) -> CreateResult:
    async with MockEndpoint(behaviour) as endpoint:
        client = HttpClient(spec(endpoint.base_url, **more), environ=environ or {})
        try:
            return await client.create(ASK)
        finally:
            await client.close()


async def failure(behaviour: Behaviour, environ: dict[str, str] | None = None, **more: Any) -> CallError:
    with pytest.raises(CallError) as caught:
        await ask(behaviour, environ, **more)
    return caught.value


async def test_what_is_sent() -> None:
    async with MockEndpoint(says("42")) as endpoint:
        client = HttpClient(spec(endpoint.base_url + "/"), environ={"OPENAI_API_KEY": KEY})
        args = {"temperature": 0.5, "seed": 7, "grammar": 'root ::= "42"', "response_format": {"type": "json_object"}}
        result = await client.create([SystemMessage(content="Be short."), *ASK], extra_create_args=args)
        await client.close()
    (request,) = endpoint.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "mock",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "What is 6 * 7?"},
        ],
        **args,
    }
    assert result.content == "42"
    assert result.usage == RequestUsage(prompt_tokens=11, completion_tokens=3)


async def test_no_key_no_header() -> None:
    async with MockEndpoint() as endpoint:
        client = HttpClient(spec(endpoint.base_url), environ={})
        await client.create(ASK)
        await client.close()
    assert "Authorization" not in endpoint.requests[0].headers


async def test_two_models_of_one_endpoint_are_asked_by_their_own_names() -> None:
    async with MockEndpoint(says_its_model) as endpoint:
        clients = [HttpClient(spec(endpoint.base_url, name), environ={}) for name in ("small", "large")]
        said = [(await client.create(ASK)).content for client in clients]
        for client in clients:
            await client.close()
    assert said == ["I am small", "I am large"]


@pytest.mark.parametrize(
    ("behaviour", "kind", "status", "message"),
    [
        (fails(429, "slow down"), "rate_limit", 429, "HTTP 429: slow down"),
        (fails(500), "server", 500, "HTTP 500: no"),
        (fails(503), "server", 503, "HTTP 503: no"),
        (fails(408), "server", 408, "HTTP 408: no"),
        (fails(400, "no\n such   model"), "request", 400, "HTTP 400: no such model"),
        (fails(400, "x" * 999), "request", 400, "HTTP 400: " + "x" * 289 + "…"),
        (raw("<h1>Bad gateway</h1>", "text/html", 502), "server", 502, "HTTP 502: <h1>Bad gateway</h1>"),
        (fails(400, "maximum context length is 8192"), "request", 400, "HTTP 400: maximum context length is 8192"),
        (raw("<h1>Too large</h1>", "text/html", 413), "request", 413, "HTTP 413: <h1>Too large</h1>"),
        (fails(404, "no model 'mock'"), "request", 404, "HTTP 404: no model 'mock'"),
        (raw("", "text/html", 404), "request", 404, "HTTP 404: no explanation"),
        (replies({"detail": "not found"}, 404), "request", 404, "HTTP 404: not found"),
        (raw('{"choices": [{"mess'), "bad_reply", None, "the reply is not JSON (content type application/json)"),
        (raw("<h1>Hello</h1>", "text/html"), "bad_reply", None, "the reply is not JSON (content type text/html)"),
        (replies({"choices": []}), "bad_reply", None, "the reply has no choices"),
        (says(None), "bad_reply", None, "the reply's content is null"),
        (replies({"choices": [{"message": {}}]}), "bad_reply", None, "the reply's content is null"),
        (replies({"choices": [{}]}), "bad_reply", None, "the reply's first choice has no message"),
        (says(None, refusal="I will not."), "refusal", None, "refused: I will not."),
    ],
)
async def test_faults(behaviour: Behaviour, kind: str, status: int | None, message: str) -> None:
    error = await failure(behaviour)
    assert (error.kind, error.http_status, str(error)) == (kind, status, message)


async def test_a_reply_cut_off_by_the_limit_is_no_fault() -> None:
    assert (await ask(says("Once upon", finish_reason="length"))).finish_reason == "length"


@pytest.mark.parametrize("behaviour", [hangs, dribbles])
async def test_the_deadline_covers_the_whole_reply(behaviour: Behaviour) -> None:
    async with asyncio.timeout(5):
        error = await failure(behaviour, timeout_s=0.2)
    assert error.kind == "timeout"
    assert str(error).startswith("no whole reply from http://127.0.0.1:")
    assert str(error).endswith("/v1 within 0.2 s")


async def test_a_refused_key_is_named() -> None:
    error = await failure(fails(401, "bad key"), {"MY_KEY": KEY}, api_key_env="MY_KEY")
    assert (error.kind, error.http_status, error.retryable) == ("setup", 401, False)
    assert str(error).endswith("/v1 refuses the key in MY_KEY (HTTP 401: bad key)")
    error = await failure(fails(401, "no key"))
    assert str(error).endswith("/v1 refuses a call without a key (none is in OPENAI_API_KEY) (HTTP 401: no key)")


async def test_spent_credit_is_the_users_to_mend() -> None:
    error = await failure(fails(402, "Insufficient Balance"), {"MY_KEY": KEY}, api_key_env="MY_KEY")
    assert (error.kind, error.http_status, error.retryable) == ("setup", 402, False)
    assert str(error).endswith("/v1 has no credit left for the key in MY_KEY (HTTP 402: Insufficient Balance)")


async def test_403_is_of_the_key_at_first_and_of_a_single_request_later_on() -> None:
    async with MockEndpoint(fails(403, "not you"), says("42"), fails(403, "flagged")) as endpoint:
        client = HttpClient(spec(endpoint.base_url), environ={"OPENAI_API_KEY": KEY})
        with pytest.raises(CallError) as first:
            await client.create(ASK)
        await client.create(ASK)
        with pytest.raises(CallError) as later:
            await client.create(ASK)
        await client.close()
    assert (first.value.kind, later.value.kind, str(later.value)) == ("setup", "request", "HTTP 403: flagged")


async def test_a_dead_endpoint_is_not_asked_until_it_is_back() -> None:
    now = [100.0]
    async with MockEndpoint(*[fails(502)] * 5, says("42")) as mock:
        endpoint = Endpoint(mock.base_url)
        endpoint._health = Health(lambda: now[0])
        client = HttpClient(spec(mock.base_url), endpoint=endpoint)
        errors: list[CallError] = []
        for _ in range(7):
            with pytest.raises(CallError) as caught:
                await client.create(ASK)
            errors.append(caught.value)
        down = f"{mock.base_url} is down: 5 calls in a row failed, the last with: HTTP 502: no"
        assert [str(error) for error in errors] == ["HTTP 502: no"] * 5 + [down] * 2
        assert [type(error) for error in errors] == [CallError] * 5 + [NotSent] * 2
        assert [(error.kind, error.retry_after) for error in errors[5:]] == [("connection", 1.0)] * 2
        assert (len(mock.requests), mock.looks) == (5, 0)
        mock.models, now[0] = 503, 101.0  # a gateway before a dead server
        assert await endpoint.down() == down
        assert await endpoint.down() == down
        assert mock.looks == 1
        mock.models, now[0] = 401, 103.0
        assert (await client.create(ASK)).content == "42"
        assert (len(mock.requests), mock.looks) == (6, 2)
        assert await endpoint.down() is None
        await client.close()


async def test_a_burst_of_429_lowers_the_calls_in_flight_and_a_single_one_does_not() -> None:
    async with MockEndpoint(fails(429), *[says("42")] * 20, *[fails(429)] * 5, says("42")) as mock:
        endpoint = Endpoint(mock.base_url, limits=Limits(concurrency=8))
        client = HttpClient(spec(mock.base_url), endpoint=endpoint)
        await asyncio.gather(*(client.create(ASK) for _ in range(21)), return_exceptions=True)
        assert endpoint._slots.throttle.level == 8
        await asyncio.gather(*(client.create(ASK) for _ in range(5)), return_exceptions=True)
        assert endpoint._slots.throttle.level < 8
        await client.close()


@pytest.mark.parametrize("behaviour", [drops, drops_half_way])
async def test_dropped_connections(behaviour: Behaviour) -> None:
    error = await failure(behaviour)
    assert error.kind == "connection"
    assert str(error).startswith("no connection to http://127.0.0.1:")


async def test_refused_and_unknown_hosts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and it refuses
        refusing = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        for url in (refusing, "http://no-such-host.invalid/v1"):
            client = HttpClient(spec(url), environ={})
            with pytest.raises(CallError) as caught:
                await client.create(ASK)
            assert caught.value.kind == "connection"
            await client.close()


async def test_retry_after() -> None:
    assert (await failure(fails(429, retry_after="2"))).retry_after == 2.0
    assert (await failure(fails(503, retry_after="1.5"))).retry_after == 1.5
    assert (await failure(fails(429))).retry_after is None
    in_a_minute = (await failure(fails(429, retry_after=formatdate(time.time() + 60, usegmt=True)))).retry_after
    assert in_a_minute is not None
    assert 0 < in_a_minute <= 60


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0.0),
        ("-3", 0.0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("", None),
        (None, None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 70.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("Thu, 32 Jan 1970 00:00:01 GMT", None),
    ],
)
def test_retry_after_forms(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, now=30.0) == seconds


async def test_the_key_is_in_no_error() -> None:
    error = await failure(echoes_its_headers, {"OPENAI_API_KEY": KEY})
    assert str(error).endswith("/v1 refuses the key in OPENAI_API_KEY (HTTP 401: denied: Bearer [key])")
    for behaviour in (raw(f"you sent {KEY}", "text/html"), fails(400, "x" * 280 + KEY)):
        error = await failure(behaviour, {"MY_KEY": f"{KEY}\n"}, api_key_env="MY_KEY")
        assert KEY not in str(error) + str(error.text)
        assert KEY[:8] not in str(error) + str(error.text)


@pytest.mark.parametrize(("key", "shown"), [("x", "x"), ("none", "none"), ("x" * 12, "[key]")])
async def test_a_key_too_short_to_be_a_secret_garbles_no_error(key: str, shown: str) -> None:
    error = await failure(fails(400, f"max_tokens exceeds; none of {key}"), {"OPENAI_API_KEY": key})
    assert str(error) == f"HTTP 400: max_tokens exceeds; none of {shown}"
    assert error.text == json.dumps({"error": {"message": f"max_tokens exceeds; none of {shown}"}})


async def test_redirects_are_not_followed() -> None:
    async with MockEndpoint(says("42")) as other:
        error = await failure(redirects(other.base_url), {"OPENAI_API_KEY": KEY})
        assert str(error) == f"HTTP 307: moved to {other.base_url}; put the new address in base_url"
        assert error.kind == "request"
    assert other.requests == []


async def test_cancelling_passes_through_and_frees_the_slot() -> None:
    async with MockEndpoint(hangs, says("42")) as endpoint:
        client = HttpClient(spec(endpoint.base_url, concurrency=1), environ={})
        hanging = asyncio.create_task(client.create(ASK))
        while not endpoint.requests:
            await asyncio.sleep(0.01)
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert (await client.create(ASK)).content == "42"
        await client.close()


async def test_a_cancellation_token_ends_the_call() -> None:
    async with MockEndpoint(hangs) as endpoint:
        client = HttpClient(spec(endpoint.base_url), environ={})
        token = CancellationToken()
        hanging = asyncio.create_task(client.create(ASK, cancellation_token=token))
        while not endpoint.requests:
            await asyncio.sleep(0.01)
        token.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        await client.close()


async def test_no_more_calls_in_flight_than_the_limit() -> None:
    async def slowly(request: Any, body: dict[str, Any]) -> Any:
        await asyncio.sleep(0.02)
        return await says("42")(request, body)

    async with MockEndpoint(slowly) as endpoint:
        client = HttpClient(spec(endpoint.base_url, concurrency=3), environ={})
        await asyncio.gather(*(client.create(ASK) for _ in range(10)))
        await client.close()
    assert (len(endpoint.requests), endpoint.most_at_once) == (10, 3)
    assert client.total_usage() == client.actual_usage() == RequestUsage(prompt_tokens=110, completion_tokens=30)


def test_a_client_outlives_its_event_loop() -> None:
    with in_thread(says("42")) as endpoint:
        client = HttpClient(spec(endpoint.base_url), environ={})
        for _ in range(2):
            assert asyncio.run(client.create(ASK)).content == "42"
        asyncio.run(client.close())


async def test_a_stream_is_the_text_and_then_the_result() -> None:
    async with MockEndpoint(says("42")) as endpoint:
        client = HttpClient(spec(endpoint.base_url), environ={})
        pieces = [piece async for piece in client.create_stream(ASK)]
        await client.close()
    assert pieces[0] == "42"
    assert isinstance(pieces[1], CreateResult)
    assert len(pieces) == 2


async def test_what_autogen_asks_of_a_client() -> None:
    client = HttpClient(spec("http://127.0.0.1:1/v1", family="qwen", config={"context_tokens": 100}), environ={})
    assert client.count_tokens(ASK) == 4  # 14 bytes
    assert client.remaining_tokens(ASK) == 96
    assert client.model_info["family"] == "qwen"
    assert client.capabilities["json_output"] is True
    add = FunctionTool(lambda: None, description="nothing", name="add")
    with pytest.raises(ValueError, match="model 'mock' was given 1 tools, but the classroom uses none"):
        await client.create(ASK, tools=[add])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"api_key_env": "MY_KEY"},
            "model 'm' takes its key from the environment variable MY_KEY, which is not set. Set it: export MY_KEY=…",
        ),
        (
            {"config": {"temprature": 1}},
            "model 'm': config has temprature, but only context_tokens, scoring, start are known",
        ),
        ({"config": {"context_tokens": "8k"}}, "model 'm': config.context_tokens is '8k', not a number"),
        ({"base_url": "localhost:8000"}, "model 'm': base_url 'localhost:8000' is no http:// or https:// address"),
        (
            {"base_url": "http://me:secret@host/v1"},
            "model 'm': base_url for host holds a user name or password; name a variable in api_key_env",
        ),
    ],
)
def test_entries_that_cannot_work(more: dict[str, Any], message: str) -> None:
    entry = spec(**({"base_url": "http://127.0.0.1:1/v1"} | more))
    with pytest.raises(UserError) as caught:
        HttpClient(entry, name="m", environ={})
    assert str(caught.value) == message


def test_an_endpoint_may_be_shared() -> None:
    endpoint = Endpoint("http://127.0.0.1:1/v1/")
    assert endpoint.base_url == "http://127.0.0.1:1/v1"
