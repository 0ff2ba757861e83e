"""Every attempt a row; retries; replay."""

import asyncio
import hashlib
import json
import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from autogen_core import CancellationToken
from autogen_core.models import ChatCompletionTokenLogprob, CreateResult, RequestUsage, SystemMessage, UserMessage
from pydantic import BaseModel

from master_autogen.draws import unit
from master_autogen.errors import CallError
from master_autogen.models.base import TokenScores
from master_autogen.models.recorded import (
    CallSite,
    Identity,
    RecordedClient,
    RecordedScorer,
    ReplayMismatch,
    by_identity,
    call_numbers,
    chat_request,
    request_key,
)
from master_autogen.models.scripted import ScriptedClient
from master_autogen.pool import Price
from master_autogen.records import Call

ASK = [SystemMessage(content="Teach."), UserMessage(content="What is 6 * 7?", source="user")]
PRICE = Price(prompt=2.0, completion=8.0)
SITE = CallSite("run1", "lesson1", "episode1", "turn", agent="teacher", model="m", price=PRICE)
SAMPLING = {"seed": 7, "temperature": 0.5}


class Log:
    """A sink that keeps its rows, and the sleeps between attempts."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def client(self, replies: Any, site: CallSite = SITE, recorded: Sequence[Call] = (), **more: Any) -> RecordedClient:
        inner = replies if isinstance(replies, ScriptedClient) else ScriptedClient.of(replies)
        client = RecordedClient(
            inner, site, self.calls.append, recorded=by_identity(recorded), sleep=self.sleep, **more
        )
        client.at("revise", 3, 1)
        return client


def ok(text: str, prompt: int = 100, completion: int = 50, **more: Any) -> CreateResult:
    usage = RequestUsage(prompt_tokens=prompt, completion_tokens=completion)
    return CreateResult(finish_reason="stop", content=text, usage=usage, cached=False, **more)


async def ask(client: RecordedClient, messages: Any = ASK, **args: Any) -> CreateResult:
    return await client.create(messages, extra_create_args={**SAMPLING, **args})


async def test_the_row_of_a_call() -> None:
    log = Log()
    await ask(log.client([ok("42", thought="6 * 7")]), grammar="root ::= [0-9]+")
    (call,) = log.calls
    request = {
        "messages": [{"role": "system", "content": "Teach."}, {"role": "user", "content": "What is 6 * 7?"}],
        "model": "m",
        "sampling": {"seed": 7, "temperature": 0.5, "grammar": "root ::= [0-9]+"},
        "schema": None,
    }
    assert call.request == request
    text = json.dumps(request, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert call.request_key == hashlib.sha256(text.encode()).hexdigest()
    assert (call.run_id, call.lesson_id, call.episode_id) == ("run1", "lesson1", "episode1")
    assert (call.purpose, call.phase, call.agent, call.turn, call.attempt) == ("turn", "revise", "teacher", 3, 1)
    assert (call.tries, call.seq, call.status, call.model) == (1, 0, "ok", "m")
    assert (call.text, call.thought, call.finish_reason, call.error) == ("42", "6 * 7", "stop", None)
    assert (call.prompt_tokens, call.completion_tokens, call.tokens_estimated) == (100, 50, False)
    assert call.cost == pytest.approx((100 * 2 + 50 * 8) / 1e6)
    assert call.latency_s >= 0
    assert call.started > 1.7e9
    assert len(call.id) == 16


async def test_usage_that_is_not_said_is_estimated_and_said_to_be() -> None:
    log = Log()
    result = await ask(log.client([ok("12345", 0, 0, thought="123")]))
    (call,) = log.calls
    # 6 and 14 bytes asked, 8 bytes said
    assert (call.prompt_tokens, call.completion_tokens, call.tokens_estimated) == (2 + 4, 2, True)
    assert result.usage == RequestUsage(prompt_tokens=6, completion_tokens=2)


async def test_no_price_no_cost() -> None:
    log = Log()
    await ask(log.client(["42"], SITE._replace(price=None)))
    assert log.calls[0].cost is None


async def test_a_call_is_tried_again_and_each_attempt_is_a_row() -> None:
    log = Log()
    replies = [
        CallError("server", "HTTP 500: busy", http_status=500),
        CallError("rate_limit", "HTTP 429: slow", http_status=429, retry_after=7.0),
        CallError("bad_reply", "the reply is not JSON", text="<html>"),
        ok("42"),
    ]
    assert (await ask(log.client(replies))).content == "42"
    assert [(call.tries, call.seq, call.status, call.error, call.http_status) for call in log.calls] == [
        (1, 0, "error", "HTTP 500: busy", 500),
        (2, 1, "error", "HTTP 429: slow", 429),
        (3, 2, "error", "the reply is not JSON", None),
        (4, 3, "ok", None, None),
    ]
    assert [call.detail for call in log.calls[:3]] == [
        {"kind": "server"},
        {"kind": "rate_limit", "retry_after": 7.0},
        {"kind": "bad_reply"},
    ]
    assert len({call.id for call in log.calls}) == 4
    # A refused request costs nothing; one that was answered badly may be billed.
    tokens = [(call.prompt_tokens, call.completion_tokens, call.tokens_estimated) for call in log.calls]
    assert tokens == [(0, 0, False), (0, 0, False), (6, 2, True), (100, 50, False)]
    assert [call.cost for call in log.calls[:3]] == [0.0, 0.0, pytest.approx(28e-6)]
    assert log.calls[2].text == "<html>"
    place = ("episode1", "turn", "revise", "teacher", 3, 1)
    jitter = [unit("backoff", *place, n) for n in (1, 2, 3)]
    assert log.slept == pytest.approx([0.5 * (0.5 + jitter[0] / 2), 7 + jitter[1] / 2, 2 * (0.5 + jitter[2] / 2)])


async def test_back_off_is_bounded() -> None:
    log = Log()
    with pytest.raises(CallError):
        await ask(log.client([CallError("timeout", "slow")] * 12, SITE._replace(tries=12)))
    assert len(log.calls) == 12
    assert len(log.slept) == 11
    assert all(10 <= seconds <= 20 for seconds in log.slept[6:])


async def test_the_last_error_is_raised_when_all_tries_are_spent() -> None:
    log = Log()
    replies = [CallError("connection", f"refused {i}") for i in range(1, 9)]
    with pytest.raises(CallError, match="refused 4"):
        await ask(log.client(replies))
    assert len(log.calls) == 4


@pytest.mark.parametrize("kind", ["request", "script"])
async def test_what_cannot_be_helped_is_not_tried_again(kind: Any) -> None:
    log = Log()
    with pytest.raises(CallError, match="no"):
        await ask(log.client([CallError(kind, "no"), ok("42")]))
    assert (len(log.calls), log.slept) == (1, [])


async def test_cancelling_is_a_row_too() -> None:
    async def hang(messages: Any, args: Any) -> str:
        await asyncio.sleep(60)
        return "never"

    for by_token in (False, True):
        log, token = Log(), CancellationToken()
        client = log.client(hang)
        task = asyncio.create_task(client.create(ASK, cancellation_token=token))
        while not client._inner.requests:
            await asyncio.sleep(0)
        token.cancel() if by_token else task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (call,) = log.calls
        assert (call.status, call.error, call.prompt_tokens, call.tokens_estimated) == ("error", "cancelled", 6, True)


async def test_a_client_that_cancels_itself_has_failed() -> None:
    log = Log()
    assert (await ask(log.client([asyncio.CancelledError(), ok("42")]))).content == "42"
    assert [call.error for call in log.calls] == ["the client cancelled its own call", None]


async def test_errors_of_foreign_clients_are_rows() -> None:
    log = Log()
    with pytest.raises(CallError) as caught:
        await ask(log.client([IndexError("list index out of range"), KeyError("x")]))
    assert [call.error for call in log.calls] == ["IndexError: list index out of range", "KeyError: 'x'"]
    assert [call.detail["kind"] for call in log.calls] == ["bad_reply", "request"]
    assert isinstance(caught.value.__cause__, KeyError)


async def test_a_schema_is_part_of_the_request() -> None:
    class Grade(BaseModel):
        score: int

    log = Log()
    client = log.client(["{}", "{}", "{}"])
    await client.create(ASK, json_output=Grade)
    await client.create(ASK, json_output=True)
    await client.create(ASK)
    assert log.calls[0].request["schema"]["json_schema"]["schema"]["properties"]["score"]["type"] == "integer"
    assert log.calls[1].request["schema"] == {"type": "json_object"}
    assert len({call.request_key for call in log.calls}) == 3
    assert client._inner.requests[0].args["response_format"] == log.calls[0].request["schema"]


def test_the_key_is_the_same_on_every_day_and_covers_all_that_is_sent() -> None:
    def key(messages: Any = ASK, model: str = "m", **args: Any) -> str:
        return request_key(chat_request(messages, model, {**SAMPLING, **args}))

    # sha256sum of {"messages":[{"content":"Teach.","role":"system"},…],"model":"m","sampling":{"seed":7,…},"schema":null}
    assert key() == "6a696af881f0c342e6ddff5b1721703773106011f5c17a0a6f40d5ac01331557"
    assert key(temperature=0.5, seed=7) == key(seed=7, temperature=0.5)
    other_name = [ASK[0], UserMessage(content="What is 6 * 7?", source="somebody else")]
    assert key(other_name) == key()
    changed = [
        key(ASK[:1]),
        key(model="n"),
        key(seed=8),
        key(grammar="x"),
        key(response_format={"type": "json_object"}),
    ]
    assert len({key(), *changed}) == 6


# --- replay ---


async def test_recorded_calls_are_not_made_again() -> None:
    log, again = Log(), Log()
    logprob = ChatCompletionTokenLogprob(token="42", logprob=-0.5, top_logprobs=[], bytes=None)
    made = await ask(log.client([CallError("server", "busy"), ok("42", thought="6 * 7", logprobs=[logprob])]))
    stored = [Call.model_validate_json(call.model_dump_json()) for call in log.calls]
    replayed = await ask(again.client([], recorded=stored))
    assert replayed == made.model_copy(update={"cached": True})
    assert (again.calls, again.slept) == ([], [])


@pytest.mark.parametrize(("kind", "times"), [("request", 1), ("server", 4)])
async def test_recorded_errors_are_raised_again(kind: Any, times: int) -> None:
    log, again = Log(), Log()
    error = CallError(kind, "HTTP: no", http_status=418, text="<html>")
    for where, recorded, replies in ((log, (), [error] * times), (again, log.calls, [ok("42")])):
        with pytest.raises(CallError) as caught:
            await ask(where.client(replies, recorded=recorded))
        raised = caught.value
        assert (raised.kind, str(raised), raised.http_status, raised.text) == (kind, "HTTP: no", 418, "<html>")
    assert (len(log.calls), again.calls) == (times, [])


async def test_a_run_that_was_cut_off_between_tries_goes_on_counting() -> None:
    log, again = Log(), Log()
    with pytest.raises(CallError):
        await ask(log.client([CallError("server", "busy")] * 4))
    cut = log.calls[:2]
    assert (await ask(again.client([CallError("server", "busy"), ok("42")], recorded=cut))).content == "42"
    assert [(call.tries, call.seq) for call in again.calls] == [(3, 2), (4, 3)]
    with pytest.raises(CallError):  # and two tries are all that is left
        await ask(Log().client([CallError("server", "busy"), CallError("server", "busy"), ok("42")], recorded=cut))


async def test_a_cancelled_call_is_made_anew() -> None:
    log, again = Log(), Log()
    await ask(log.client([ok("42")]))
    cancelled = log.calls[0].model_copy(update={"status": "error", "error": "cancelled", "text": None, "detail": {}})
    assert (await ask(again.client([ok("43")], recorded=[cancelled]))).content == "43"
    assert [(call.tries, call.seq) for call in again.calls] == [(2, 1)]
    assert again.calls[0].id != cancelled.id


async def test_requests_under_one_identity_are_told_apart_by_their_keys() -> None:
    """A worded turn tries several wordings before one is accepted."""
    log, again = Log(), Log()
    client = log.client([ok("one"), ok("two"), ok("three")])
    made = [(await ask(client, seed=seed)).content for seed in (1, 2, 2)]
    assert made == ["one", "two", "three"]
    assert [call.tries for call in log.calls] == [1, 2, 3]
    client = again.client([], recorded=log.calls)
    assert [(await ask(client, seed=seed)).content for seed in (1, 2, 2)] == made
    with pytest.raises(CallError, match="has said all of its 0 replies"):
        await ask(client, seed=2)


async def test_a_request_that_differs_is_made_anew_and_the_old_row_stays() -> None:
    log, again, third = Log(), Log(), Log()
    await ask(log.client([ok("42")]))
    changed = [ASK[0], UserMessage(content="What is 6 * 8?", source="user")]
    assert (await ask(again.client([ok("48")], recorded=log.calls), changed)).content == "48"
    assert [(call.tries, call.seq) for call in again.calls] == [(2, 1)]
    both = [*log.calls, *again.calls]
    assert (await ask(third.client([], recorded=both), changed)).content == "48"
    assert third.calls == []


@pytest.mark.parametrize(
    ("messages", "args", "difference"),
    [
        ([ASK[0], UserMessage(content="?", source="user")], {}, "message 1 (user) differs"),
        ([SystemMessage(content="?"), ASK[1]], {}, "message 0 (system) differs"),
        ([*ASK, ASK[1]], {}, "message 2 is new"),
        (ASK[:1], {}, "message 1 is missing"),
        (ASK, {"seed": 8}, "sampling differs"),
        (ASK, {"response_format": {"type": "json_object"}}, "schema differs"),
    ],
)
async def test_strict_replay_names_the_first_difference(messages: Any, args: dict[str, Any], difference: str) -> None:
    log, again = Log(), Log()
    await ask(log.client([ok("42")]))
    client = again.client([ok("43")], recorded=log.calls, strict=True)
    with pytest.raises(ReplayMismatch) as caught:
        await ask(client, messages, **args)
    assert caught.value.place == Identity("episode1", "turn", "revise", "teacher", 3, 1)
    assert str(caught.value) == (
        f"call episode1/turn/revise/teacher/3/1: its request is not the recorded one: {difference}"
    )
    assert (again.calls, client._inner.requests) == ([], [])
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


async def test_strict_replay_asks_nothing_that_is_not_in_the_log() -> None:
    log, again = Log(), Log()
    await ask(log.client([ok("42")]))
    client = again.client([ok("43")], recorded=log.calls, strict=True)
    client.at("revise", 3, 2)
    with pytest.raises(ReplayMismatch, match=r"^call episode1/turn/revise/teacher/3/2: the log holds no answer to it$"):
        await ask(client)
    client.at("revise", 3, 1)
    assert (await ask(client)).content == "42"


async def test_calls_of_an_episode_are_numbered_across_its_agents() -> None:
    log, again = Log(), Log()
    numbers = call_numbers({}, "episode1")
    for agent in ("teacher", "student"):
        await ask(log.client([ok("42")], SITE._replace(agent=agent), numbers=numbers))
    assert [call.seq for call in log.calls] == [0, 1]
    of_another = log.calls[1].model_copy(update={"episode_id": "episode2", "seq": 99})
    numbers = call_numbers(by_identity([*log.calls, of_another]), "episode1")
    await ask(again.client([ok("42")], numbers=numbers))
    assert again.calls[0].seq == 2


async def test_calls_of_no_episode_belong_to_the_lesson() -> None:
    log = Log()
    await ask(log.client([ok("42")], SITE._replace(episode_id=None)))
    assert list(by_identity(log.calls)) == [Identity("lesson1", "turn", "revise", "teacher", 3, 1)]


# --- scores ---


class Scorer:
    model, prompt_form = "inner", "plain-v1"

    def __init__(self, *results: float | CallError) -> None:
        self.results = list(results)

    async def score(self, context: str | None, text: str) -> TokenScores:
        result = self.results.pop(0)
        if isinstance(result, CallError):
            raise result
        return TokenScores(logprob=result, tokens=3, utf8_bytes=4, context_tokens=5, prompt_form=self.prompt_form)

    async def close(self) -> None: ...


async def test_scores_are_recorded_tried_again_and_replayed() -> None:
    log, again = Log(), Log()
    site = SITE._replace(purpose="score", agent="difficulty")
    scorer = RecordedScorer(Scorer(CallError("timeout", "slow"), -1.5), site, log.calls.append, sleep=log.sleep)
    scorer.at("small", 0, 1)
    made = await scorer.score("Q", "A")
    assert made.logprob == -1.5
    failed, call = log.calls
    assert (failed.error, failed.prompt_tokens) == ("slow", 2)
    assert call.request == {"context": "Q", "text": "A", "prompt_form": "plain-v1", "model": "m"}
    assert (call.purpose, call.phase, call.prompt_tokens, call.completion_tokens) == ("score", "small", 8, 0)
    assert TokenScores.model_validate_json(call.text or "") == made

    scorer = RecordedScorer(Scorer(-9.0), site, again.calls.append, recorded=by_identity(log.calls), strict=True)
    scorer.at("small", 0, 1)
    assert await scorer.score("Q", "A") == made
    assert again.calls == []
    with pytest.raises(ReplayMismatch, match="the log holds no answer to it"):
        await scorer.score("Q", "B")
