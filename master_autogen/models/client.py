"""What every client of this package has in common with AutoGen's contract, so that each says only how it is asked.

A client implements `ask(messages, args)`. Tools are refused, `json_output` becomes a `response_format`, usage is
summed, tokens are estimated, and a stream is the whole reply in one piece.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from autogen_core import CancellationToken
from autogen_core.models import (
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    ModelCapabilities,  # type: ignore[deprecated, unused-ignore]
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema

from master_autogen.models.failures import in_line
from master_autogen.models.messages import JsonOutput, as_dicts, with_schema
from master_autogen.models.tokens import estimate

T = TypeVar("T")
ToolChoice = Tool | Literal["auto", "required", "none"]
NO_ARGS: Mapping[str, Any] = MappingProxyType({})
CONTEXT_TOKENS = 8192  # what is taken for a context window where nobody says


class PlainClient(ChatCompletionClient):
    """See the module. `model` is the name that the client asks for."""

    component_type = "model"

    def __init__(self, model: str, *, family: str = "", context_tokens: int = CONTEXT_TOKENS) -> None:
        self.model = model
        self._family = family or "unknown"
        self.context_tokens = context_tokens
        self._usage = RequestUsage(prompt_tokens=0, completion_tokens=0)

    @abstractmethod
    async def ask(self, messages: Sequence[LLMMessage], args: Mapping[str, Any]) -> CreateResult:
        """One attempt. Raises `CallError`."""

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: JsonOutput = None,
        extra_create_args: Mapping[str, Any] = NO_ARGS,
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """See AutoGen's `ChatCompletionClient.create`; ValueError for tools and for contradictory arguments."""
        refuse_tools(self.model, tools)
        asked: Awaitable[CreateResult] = self.ask(messages, with_schema(extra_create_args, json_output))
        if cancellation_token is not None and not isinstance(cancellation_token, Uncancelled):
            asked = until_cancelled(asked, cancellation_token)
        result = await asked
        self._usage = added(self._usage, result.usage)
        return result

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: JsonOutput = None,
        extra_create_args: Mapping[str, Any] = NO_ARGS,
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """The whole text as one piece, then the result: a checked and logged turn is of no use by halves."""
        result = await self.create(
            messages,
            tools=tools,
            tool_choice=tool_choice,
            json_output=json_output,
            extra_create_args=extra_create_args,
            cancellation_token=cancellation_token,
        )
        if isinstance(result.content, str) and result.content:
            yield result.content
        yield result

    async def close(self) -> None:
        """Nothing to close, unless a client says otherwise."""

    def actual_usage(self) -> RequestUsage:
        return self._usage

    def total_usage(self) -> RequestUsage:
        return self._usage

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """An estimate: no tokenizer is loaded, which might want the network."""
        return sum(estimate(message["content"]) for message in as_dicts(messages))

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        return self.context_tokens - self.count_tokens(messages)

    @property
    def capabilities(self) -> ModelCapabilities:  # type: ignore[deprecated, unused-ignore]
        return ModelCapabilities(vision=False, function_calling=False, json_output=True)  # type: ignore[deprecated, unused-ignore]

    @property
    def model_info(self) -> ModelInfo:
        return ModelInfo(
            vision=False, function_calling=False, json_output=True, structured_output=True, family=self._family
        )


class Uncancelled(CancellationToken):
    """The token of what nobody wants to cancel, for where there has to be one."""

    def cancel(self) -> None:
        raise RuntimeError("this token was given for what is not to be cancelled; pass one of your own")


async def until_cancelled(call: Awaitable[T], token: CancellationToken) -> T:
    """Await `call`; the token cancels it, as it would a linked future, but without a task for every call."""
    task = asyncio.current_task()
    assert task is not None
    under_way, by_token = True, False

    def cancel() -> None:
        nonlocal by_token
        if under_way:
            by_token = task.cancel()

    token.add_callback(cancel)
    try:
        return await call
    finally:
        under_way = False
        if by_token:
            task.uncancel()  # the call was cancelled, and not whoever waits for it


def refuse_tools(model: str, tools: Sequence[Tool | ToolSchema]) -> None:
    """Raises ValueError where there are any."""
    if tools:
        raise ValueError(f"model {model!r} was given {len(tools)} tools, but the classroom uses none")


def added(total: RequestUsage, more: RequestUsage) -> RequestUsage:
    return RequestUsage(
        prompt_tokens=total.prompt_tokens + more.prompt_tokens,
        completion_tokens=total.completion_tokens + more.completion_tokens,
    )


class Slots:
    """At most `limit` calls in flight. A semaphore belongs to one event loop, so each loop gets its own."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._slots = asyncio.Semaphore(limit)

    @asynccontextmanager
    async def here(self, allow: Callable[[], None]) -> AsyncIterator[None]:
        """A slot of the running loop: `async with slots.here(allow): …`. `allow` is asked when it is had, and raises
        where the call may no longer be made: what was allowed as it got in line may be spent by now."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._slots = loop, asyncio.Semaphore(self._limit)
        slots = self._slots
        await in_line(slots.acquire())
        try:
            allow()
            yield
        finally:
            slots.release()
