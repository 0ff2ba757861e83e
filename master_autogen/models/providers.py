"""From a pool to its clients: one a model, made when first asked for and shared by everybody.

clients = build_clients(pool)
try:
    result = await clients.chat("small").create(messages)
finally:
    await clients.close()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from os import environ as os_environ
from typing import TYPE_CHECKING, NamedTuple

from master_autogen.errors import CallError, UserError
from master_autogen.models.base import Scorer
from master_autogen.pool import Limits, ModelSpec, Pool

if TYPE_CHECKING:
    from autogen_core.models import ChatCompletionClient

    from master_autogen.models.http import Endpoint


class ModelCheck(NamedTuple):
    """Whether a model answers: what it said, how long it took, or what is wrong."""

    name: str
    ok: bool
    text: str | None
    latency_s: float
    error: str | None


def build_clients(
    pool: Pool, *, environ: Mapping[str, str] = os_environ, allow: Callable[[], None] = lambda: None
) -> Clients:
    """The clients of a pool's models; keys are looked up in `environ`. Nothing is made or loaded yet. `allow` is asked
    before each call, when its endpoint has room for it; what it raises is raised, and the call not made. To be closed:
    `await clients.close()`.

    A client is made at its first use, and raises `UserError` then: for a name that the pool does not have, a missing
    key or package, a wrong entry.
    """
    return Clients(pool, environ, allow)


class Clients:
    """See `build_clients`. All raise `UserError` for a name that the pool does not have, and for what is wrong with the
    model's entry."""

    def __init__(self, pool: Pool, environ: Mapping[str, str], allow: Callable[[], None] = lambda: None) -> None:
        self.allow = allow
        self._pool = pool
        self._environ = environ
        self._chats: dict[str, ChatCompletionClient] = {}
        self._scorers: dict[str, Scorer] = {}
        self._endpoints: dict[str, Endpoint] = {}

    def chat(self, name: str) -> ChatCompletionClient:
        """The client that talks to a model."""
        if name not in self._chats:
            self._chats[name] = self._make_chat(name, self.spec(name))
        return self._chats[name]

    def scorer(self, name: str) -> Scorer:
        """The scorer of a model; `UserError` where its provider gives no log-probabilities of a given text."""
        if name not in self._scorers:
            self._scorers[name] = self._make_scorer(name, self.spec(name))
        return self._scorers[name]

    def limits(self, name: str) -> Limits:
        return self.spec(name).limits

    def model(self, name: str) -> str:
        """What the model is called at its endpoint; its name in the pool where it has no other."""
        return self.spec(name).model or name

    def spec(self, name: str) -> ModelSpec:
        found = self._pool.models.get(name)
        if found is None:
            known = ", ".join(sorted(self._pool.models))
            raise UserError(f"pool {self._pool.name!r} has no model {name!r}; it has {known}")
        return found

    async def check(self, name: str) -> ModelCheck:
        """Ask a model for one token. What is wrong with it is in the result, never raised."""
        start = time.perf_counter()
        try:
            text = await self._one_token(name)
        except (UserError, CallError) as error:
            return ModelCheck(name, False, None, time.perf_counter() - start, str(error))
        return ModelCheck(name, True, text, time.perf_counter() - start, None)

    async def _one_token(self, name: str) -> str:
        from autogen_core.models import UserMessage

        client = self.chat(name)
        if self.spec(name).provider == "scripted":
            return "(scripted: its rules can be read)"
        said = await client.create(
            [UserMessage(content="Say: yes", source="user")], extra_create_args={"max_tokens": 1, "temperature": 0.0}
        )
        return said.content if isinstance(said.content, str) else ""

    async def reach(self) -> None:
        """Raise `UserError` where nobody answers at the address of an endpoint that was made; nothing is asked."""
        for name, endpoint in list(self._endpoints.items()):
            if (why := await endpoint.reach()) is not None:
                raise UserError(
                    f"model {name!r}: nobody answers at {endpoint.base_url} ({why}); start the server, or mend its "
                    f"address in pool {self._pool.name!r} or the environment"
                )

    async def down(self, name: str) -> str | None:
        """Why the endpoint of a model counts as dead, or None; a model that was never asked for is not."""
        endpoint = self._endpoints.get(name)
        return None if endpoint is None else await endpoint.down()

    async def close(self) -> None:
        """Close whatever was made; what is asked for afterwards is made anew."""
        chats, scorers, endpoints = self._chats, self._scorers, self._endpoints
        self._chats, self._scorers, self._endpoints = {}, {}, {}
        for chat in chats.values():
            await chat.close()
        for scorer in scorers.values():
            await scorer.close()
        for endpoint in endpoints.values():
            await endpoint.close()

    def _make_chat(self, name: str, spec: ModelSpec) -> ChatCompletionClient:
        if spec.provider == "openai":
            from master_autogen.models.http import HttpClient

            return HttpClient(spec, name=name, endpoint=self._endpoint(name, spec))
        if spec.provider == "scripted":
            from master_autogen.models.scripted import ScriptedClient

            return ScriptedClient(spec.rules, spec.model or name, keep_requests=False)
        if spec.provider == "embedded":
            from master_autogen.models.local import EmbeddedChat

            return EmbeddedChat(spec, name=name, allow=self.allow)
        from master_autogen.models.foreign import load

        return load(name, spec, self._environ, self.allow)

    def _make_scorer(self, name: str, spec: ModelSpec) -> Scorer:
        if spec.provider == "openai":
            from master_autogen.models.scoring import HttpScorer

            return HttpScorer(spec, name=name, endpoint=self._endpoint(name, spec))
        if spec.provider == "scripted":
            from master_autogen.models.scripted import ScriptedScorer

            return ScriptedScorer(spec, name=name)
        if spec.provider == "embedded":
            from master_autogen.models.local import EmbeddedScorer

            return EmbeddedScorer(spec, name=name, allow=self.allow)
        raise UserError(
            f"model {name!r} cannot measure difficulty: {spec.provider} does not tell how likely a given text is. "
            "Name a model of provider embedded or openai under scorers"
        )

    def _endpoint(self, name: str, spec: ModelSpec) -> Endpoint:
        """One for both uses of a model, so that its limit of calls in flight holds for them together."""
        from master_autogen.models.http import endpoint_of

        if name not in self._endpoints:
            self._endpoints[name] = endpoint_of(spec, name=name, environ=self._environ)
            self._endpoints[name].allow = self.allow
        return self._endpoints[name]
