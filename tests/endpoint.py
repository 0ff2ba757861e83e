"""A small OpenAI-compatible endpoint for the tests, with the faults that real ones have.

    async with MockEndpoint(says("four"), fails(429, retry_after="2"), hangs()) as endpoint:
        ...  # endpoint.base_url, endpoint.requests

Behaviours are used in order, the last one for ever. It knows two tiny tokenizers for scoring: words with the blank
space before them, their ids in order of first sight.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from master_autogen.draws import unit

_CLOSING = web.AppKey("closing", asyncio.Event)


@dataclass
class Received:
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


Behaviour = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]


class MockEndpoint:
    """Use as an async context manager; `most_at_once` is the highest number of requests that were in flight. Asked for
    its models, it answers with the status `models`; `looks` counts how often it was."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self.behaviours = behaviours or (says("yes"),)
        self.requests: list[Received] = []
        self.base_url = ""
        self.most_at_once = 0
        self._at_once = 0
        self.models = 200
        self.looks = 0

    async def __aenter__(self) -> MockEndpoint:
        app = web.Application()
        app[_CLOSING] = asyncio.Event()
        self._closing = app[_CLOSING]
        app.router.add_post("/{path:.*}", self._handle)
        app.router.add_get("/v1/models", self._list_models)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._closing.set()
        await self._runner.cleanup()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [request.body for request in self.requests]

    async def _list_models(self, request: web.Request) -> web.StreamResponse:
        self.looks += 1
        return web.json_response({"object": "list", "data": []}, status=self.models)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        behave = self.behaviours[min(len(self.requests), len(self.behaviours) - 1)]
        self.requests.append(Received(request.path, dict(request.headers), body))
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            return await behave(request, body)
        finally:
            self._at_once -= 1


@contextmanager
def in_thread(*behaviours: Behaviour) -> Iterator[MockEndpoint]:
    """The same for code that runs event loops of its own."""
    endpoint, loop = MockEndpoint(*behaviours), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(endpoint.__aenter__(), loop).result(10)
        try:
            yield endpoint
        finally:
            asyncio.run_coroutine_threadsafe(endpoint.__aexit__(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def completion(content: str | None, **message: Any) -> dict[str, Any]:
    """A whole /chat/completions reply; `usage`, `finish_reason`, `logprobs`, `model` go where they belong."""
    reply = {"id": "c1", "object": "chat.completion", "created": 1, "model": message.pop("model", "mock")}
    choice = {
        "index": 0,
        "finish_reason": message.pop("finish_reason", "stop"),
        "logprobs": message.pop("logprobs", None),
    }
    usage = message.pop("usage", {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14})
    return {**reply, "choices": [{**choice, "message": {"role": "assistant", "content": content, **message}}]} | (
        {"usage": usage} if usage else {}
    )


def replies(reply: object, status: int = 200) -> Behaviour:
    """Any JSON."""

    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.json_response(reply, status=status)

    return behave


def says(content: str | None, **message: Any) -> Behaviour:
    return replies(completion(content, **message))


async def says_its_model(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    return web.json_response(completion(f"I am {body['model']}", model=body["model"]))


def fails(status: int, message: str = "no", *, retry_after: str | None = None) -> Behaviour:
    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        headers = {"Retry-After": retry_after} if retry_after else {}
        return web.json_response({"error": {"message": message}}, status=status, headers=headers)

    return behave


def raw(text: str, content_type: str = "application/json", status: int = 200) -> Behaviour:
    """Any body at all."""

    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(text=text, content_type=content_type, status=status)

    return behave


def redirects(to: str) -> Behaviour:
    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": to})

    return behave


async def echoes_its_headers(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """A careless gateway: its error text repeats the Authorization header."""
    said = f"denied: {request.headers.get('Authorization')}"
    return web.json_response({"error": {"message": said}}, status=401)


async def hangs(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    await request.app[_CLOSING].wait()
    return web.Response()


async def dribbles(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """A body that comes byte by byte and never ends."""
    response = web.StreamResponse()
    await response.prepare(request)
    while not request.app[_CLOSING].is_set():
        await response.write(b" ")
        await asyncio.sleep(0.02)
    return response


async def drops(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    """The connection goes before any reply."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def drops_half_way(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices": [')
    assert request.transport is not None
    request.transport.close()
    return response


RATES = {"429": 0.05, "500": 0.03, "broken": 0.01, "truncated": 0.01, "drop": 0.005, "hang": 0.005}
"""What endpoints do wrong on a bad day, as shares of all requests."""


class Faulty:
    """Answers with `say`, but for faults at these rates. Which request meets which hangs on its text and on how often it
    came, so that what is asked again may pass, and every run of the same meets the same."""

    def __init__(
        self,
        say: Callable[[dict[str, Any]], Awaitable[str]],
        rates: Mapping[str, float],
        *,
        latency_s: float = 0.0,
        retry_after: str = "0.5",
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._say = say
        self._rates = rates
        self._latency_s = latency_s
        self._retry_after = retry_after
        self._came: Counter[str] = Counter()

    async def __call__(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(self._latency_s)
        fault = self._fault(hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest())
        self.counts[fault] += 1
        if fault == "429":
            return await fails(429, "slow down", retry_after=self._retry_after)(request, body)
        if fault == "500":
            return await fails(500, "out of luck")(request, body)
        if fault == "broken":
            return await raw('{"choices": [{"message": {"content": "half a')(request, body)
        if fault == "drop":
            return await drops(request, body)
        if fault == "hang":
            return await hangs(request, body)
        text = await self._say(body)
        if fault == "truncated":
            return await says(text[: len(text) // 2], finish_reason="length")(request, body)
        return await says(text)(request, body)

    def _fault(self, digest: str) -> str:
        self._came[digest] += 1
        mark = unit("fault", digest, self._came[digest])
        for fault, rate in self._rates.items():
            mark -= rate
            if mark < 0:
                return fault
        return "none"


# --- scoring ---


def token_logprob(token: str) -> float:
    """What the mock model thinks of a token: -1 nat, and -0.125 for each character."""
    return -1.0 - len(token) / 8


def split(text: str) -> list[str]:
    return re.findall(r"\s*\S+|\s+$", text)


def echoes(*, bos: str | None = None, generates: str | None = None) -> Behaviour:
    """OpenAI's /completions with echo: the prompt's tokens, the first without a probability."""

    async def behave(request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        assert body["echo"] is True
        tokens = ([bos] if bos else []) + split(body["prompt"]) + ([generates] if generates else [])
        values = [None, *(token_logprob(token) for token in tokens[1:])]
        logprobs = {"tokens": tokens, "token_logprobs": values, "top_logprobs": None}
        return web.json_response({"choices": [{"text": "".join(tokens), "logprobs": logprobs}]})

    return behave


class MockVllm:
    """vLLM's /tokenize and its `prompt_logprobs`, one behaviour for both; id 1 is the start token where there is one."""

    def __init__(self, *, bos: bool) -> None:
        self.bos = bos
        self.words: dict[str, int] = {}

    async def __call__(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if request.path == "/tokenize":
            ids = [self.words.setdefault(word, 100 + len(self.words)) for word in split(body["prompt"])]
            return web.json_response({"tokens": ([1] if self.bos and body["add_special_tokens"] else []) + ids})
        assert request.path == "/v1/completions"
        texts = {number: word for word, number in self.words.items()}
        places: list[object] = [None]
        for number in body["prompt"][1:]:
            likeliest = {"7": {"logprob": -0.1, "rank": 1, "decoded_token": "x"}}
            places.append(likeliest | {str(number): {"logprob": token_logprob(texts[number]), "rank": 9}})
        return web.json_response({"choices": [{"text": "x", "prompt_logprobs": places}]})
