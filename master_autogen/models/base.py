"""What every room may ask of a model: AutoGen's `ChatCompletionClient` to talk, a `Scorer` to be surprised.

Clients built in this package raise `CallError` and nothing else for a failed attempt; they keep their own deadline,
hold no conversation, and may be shared by any number of episodes.
"""

from __future__ import annotations

from typing import Any, Protocol, TypedDict, runtime_checkable

from master_autogen.records import Record


class Sampling(TypedDict, total=False):
    """What may stand in `extra_create_args`; whatever else stands there is sent as it is."""

    temperature: float
    top_p: float
    max_tokens: int
    stop: list[str]
    seed: int
    grammar: str  # GBNF; llama.cpp engines only
    response_format: dict[str, Any]  # {"type": "json_schema", "json_schema": {...}} or {"type": "json_object"}


class TokenScores(Record):
    """The log-likelihood of `text` after `context`, in nats.

    `logprob` is the sum over the text's tokens (None where it could not be had, with `missing_reason`), `tokens` and
    `utf8_bytes` count the text alone, `context_tokens` what stood before it. `billed_tokens` are the request's by
    the server's own count, None where it did not say.
    """

    logprob: float | None
    tokens: int
    utf8_bytes: int
    context_tokens: int
    prompt_form: str
    missing_reason: str | None = None
    billed_tokens: int | None = None


@runtime_checkable
class Scorer(Protocol):
    """A model that tells how likely a text is; `prompt_form` names how question and answer are laid out for it."""

    model: str
    prompt_form: str

    async def score(self, context: str | None, text: str) -> TokenScores:
        """Score `text` after `context`; with None, after nothing (the engine's end-of-text token)."""
        ...

    async def close(self) -> None: ...
