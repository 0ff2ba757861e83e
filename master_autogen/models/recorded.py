"""A shared client as one agent of one episode sees it: what it asks is logged, tried again, and replayed.

    site = CallSite(run_id, lesson_id, episode_id, "turn", agent="student_a", model=clients.model("small"))
    client = RecordedClient(clients.chat("small"), site, sink)
    client.at("revise", turn=3, attempt=1)
    result = await client.create(messages, extra_create_args={"seed": 7})

`at` holds for what is asked next, so one client asks one thing at a time; agents that ask at once have one each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from autogen_core import CancellationToken
from autogen_core.models import (
    ChatCompletionClient,
    ChatCompletionTokenLogprob,
    CreateResult,
    FinishReasons,
    LLMMessage,
    ModelInfo,
    RequestUsage,
)
from autogen_core.tools import Tool, ToolSchema

from master_autogen.draws import draw
from master_autogen.errors import CallError
from master_autogen.models.attempts import Allow, Attempts, CallSink, ReplayMismatch, Sleep
from master_autogen.models.base import Scorer, TokenScores
from master_autogen.models.calls import (
    Answer,
    CallSite,
    Identity,
    Recorded,
    by_identity,
    call_numbers,
    prompt_estimate,
    request_key,
)
from master_autogen.models.client import CONTEXT_TOKENS, NO_ARGS, PlainClient, ToolChoice, added, refuse_tools
from master_autogen.models.failures import LONGEST_TEXT, guarded
from master_autogen.models.messages import JsonOutput, as_dicts, with_schema
from master_autogen.models.tokens import estimate

LONGEST_REPLY = 200_000
"""Characters of a reply that is taken: about 50,000 tokens. No turn is as long; a model that fell into a loop is."""

__all__ = [
    "CallSink",
    "CallSite",
    "Identity",
    "Recorded",
    "RecordedClient",
    "RecordedScorer",
    "ReplayMismatch",
    "by_identity",
    "call_numbers",
    "chat_request",
    "request_key",
]


def chat_request(
    messages: Sequence[LLMMessage], model: str, args: Mapping[str, Any], json_output: JsonOutput = None
) -> dict[str, Any]:
    """What is logged and hashed of a chat call: {"messages", "model", "sampling", "schema"}."""
    sampling = with_schema(args, json_output)
    schema = sampling.pop("response_format", None)
    return {"messages": as_dicts(messages), "model": model, "sampling": sampling, "schema": schema}


class RecordedClient(PlainClient):
    """See the module. `recorded` are the log's calls by identity; with `strict`, nothing else may be asked."""

    def __init__(
        self,
        inner: ChatCompletionClient,
        site: CallSite,
        sink: CallSink,
        *,
        recorded: Recorded | None = None,
        strict: bool = False,
        numbers: Iterator[int] | None = None,
        sleep: Sleep = asyncio.sleep,
        allow: Allow = lambda: None,
    ) -> None:
        known = inner.context_tokens if isinstance(inner, PlainClient) else CONTEXT_TOKENS
        super().__init__(site.model, context_tokens=known)
        self._inner = inner
        self._attempts = Attempts(
            site, sink, recorded=recorded, strict=strict, numbers=numbers, sleep=sleep, allow=allow
        )

    def at(self, phase: str, turn: int, attempt: int) -> None:
        """Where what is asked next stands; `turn` counts from 0, `attempt` from 1."""
        self._attempts.at(phase, turn, attempt)

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
        """The reply; `cached` if it is the log's. Raises the last attempt's `CallError`, or `ReplayMismatch`.

        A refusal is asked about once more, with another sampling seed: with the same one it would be the same.
        """
        refuse_tools(self.model, tools)
        try:
            result = await self._asked(messages, json_output, extra_create_args, cancellation_token)
        except CallError as error:
            seed = extra_create_args.get("seed")
            if error.kind != "refusal" or seed is None:
                raise
            again = {**extra_create_args, "seed": draw("refused", seed) % 2**31}
            result = await self._asked(messages, json_output, again, cancellation_token)
        self._usage = added(self._usage, result.usage)
        return result

    async def _asked(
        self,
        messages: Sequence[LLMMessage],
        json_output: JsonOutput,
        extra_create_args: Mapping[str, Any],
        cancellation_token: CancellationToken | None,
    ) -> CreateResult:
        request = chat_request(messages, self.model, extra_create_args, json_output)

        async def send() -> Answer:
            asked = self._inner.create(
                messages,
                json_output=json_output,
                extra_create_args=extra_create_args,
                cancellation_token=cancellation_token,
            )
            return _answer(await guarded(asked, cancellation_token), request)

        return _result(await self._attempts.ask(request, send))

    async def ask(self, messages: Sequence[LLMMessage], args: Mapping[str, Any]) -> CreateResult:
        return await self.create(messages, extra_create_args=args)

    @property
    def model_info(self) -> ModelInfo:
        return self._inner.model_info


class RecordedScorer:
    """A shared scorer, recorded the same way; the row's `text` is the `TokenScores` as JSON."""

    def __init__(
        self,
        inner: Scorer,
        site: CallSite,
        sink: CallSink,
        *,
        recorded: Recorded | None = None,
        strict: bool = False,
        numbers: Iterator[int] | None = None,
        sleep: Sleep = asyncio.sleep,
        allow: Allow = lambda: None,
    ) -> None:
        self.model = inner.model
        self.prompt_form = inner.prompt_form
        self._inner = inner
        self._attempts = Attempts(
            site, sink, recorded=recorded, strict=strict, numbers=numbers, sleep=sleep, allow=allow
        )

    def at(self, phase: str, turn: int, attempt: int) -> None:
        """As for `RecordedClient`."""
        self._attempts.at(phase, turn, attempt)

    async def score(self, context: str | None, text: str) -> TokenScores:
        """See `Scorer`. Raises the last attempt's `CallError`, or `ReplayMismatch`."""
        model = self._attempts.site.model
        request = {"context": context, "text": text, "prompt_form": self.prompt_form, "model": model}

        async def send() -> Answer:
            scores = await guarded(self._inner.score(context, text))
            counted = scores.billed_tokens
            if counted is None:
                counted = scores.context_tokens + scores.tokens
            unknown = not counted and scores.billed_tokens is None
            return Answer(
                text=scores.model_dump_json(),
                prompt_tokens=prompt_estimate(request) if unknown else counted,
                completion_tokens=0,
                tokens_estimated=unknown,
            )

        return TokenScores.model_validate_json((await self._attempts.ask(request, send)).text)

    async def close(self) -> None:
        """The shared scorer is closed by whoever made it."""


def _answer(result: CreateResult, request: Mapping[str, Any]) -> Answer:
    """0 and 0 tokens mean that the endpoint did not say, so they are estimated."""
    if not isinstance(result.content, str):
        raise CallError("bad_reply", "the model called a tool, though it was given none")
    if len(result.content) > LONGEST_REPLY:
        told = f"a reply of {len(result.content):,} characters; {LONGEST_REPLY:,} are read"
        raise CallError("bad_reply", told, text=result.content[:LONGEST_TEXT])
    usage = result.usage
    unknown = not usage.prompt_tokens and not usage.completion_tokens
    logprobs = [token.model_dump(mode="json") for token in result.logprobs or ()]
    return Answer(
        text=result.content,
        prompt_tokens=prompt_estimate(request) if unknown else usage.prompt_tokens,
        completion_tokens=estimate(result.content + (result.thought or "")) if unknown else usage.completion_tokens,
        tokens_estimated=unknown,
        finish_reason=result.finish_reason,
        thought=result.thought,
        detail={"logprobs": logprobs} if logprobs else {},
    )


def _result(answer: Answer) -> CreateResult:
    """The same from a new answer as from a stored one, but for `cached`."""
    logprobs = answer.detail.get("logprobs")
    return CreateResult(
        finish_reason=cast(FinishReasons, answer.finish_reason or "unknown"),
        content=answer.text,
        usage=RequestUsage(prompt_tokens=answer.prompt_tokens, completion_tokens=answer.completion_tokens),
        cached=answer.replayed,
        logprobs=None if logprobs is None else [ChatCompletionTokenLogprob.model_validate(t) for t in logprobs],
        thought=answer.thought,
    )
