"""How likely a text is to a model behind an HTTP endpoint: two forms of asking, one result.

`echo` is OpenAI's /completions with the prompt echoed and its log-probabilities: what follows the context is found by
the texts of the tokens, which some endpoints show in a form that cannot be added up. `vllm` asks vLLM's /tokenize for
token ids and scores those, so the boundary is exact and a text has the same tokens with and without its context.
Neither adds a chat template: the text follows the context after a line break (`prompt_form` "plain-v1", the
embedded scorer's too).

A first token has no probability unless something stands before it. Where the endpoint adds no start token of its own,
`start` in the model's config names one (`<|endoftext|>`, say); without it a text alone cannot be scored, and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from os import environ as os_environ
from typing import Any, TypeVar

from master_autogen.errors import UserError
from master_autogen.models.base import TokenScores
from master_autogen.models.http import Endpoint, endpoint_of
from master_autogen.models.replies import bad_reply, first_choice, usage_of
from master_autogen.pool import ModelSpec

T = TypeVar("T")

FORMS = ("echo", "vllm")
PROMPT_FORM = "plain-v1"
_NO_BOUNDARY = "the tokens' texts do not add up to the prompt, so where the text begins cannot be told"
_NO_START = "the endpoint gave no probability for the text's first token; name the model's start token in config.start"


class HttpScorer:
    """See the module. Raises `UserError` for an unknown form, `CallError` for a failed attempt."""

    prompt_form = PROMPT_FORM

    def __init__(
        self,
        spec: ModelSpec,
        *,
        name: str = "",
        environ: Mapping[str, str] = os_environ,
        endpoint: Endpoint | None = None,
    ) -> None:
        self.model = spec.model or name
        self._form = spec.config.get("scoring", "echo")
        self._start = str(spec.config.get("start", ""))
        self._start_ids: list[int] | None = None
        if self._form not in FORMS:
            raise UserError(f"model {name or spec.model!r}: config.scoring is {self._form!r}; it must be echo or vllm")
        self._endpoint = endpoint or endpoint_of(spec, name=name, environ=environ)

    async def score(self, context: str | None, text: str) -> TokenScores:
        """Log-likelihood in nats of `text` after `context` and a line break; with None, after the start token alone."""
        if not text:
            return self._scores(text, None, 0, 0, "the text is empty", billed=0)
        before = "" if context is None else f"{context}\n"
        return await (self._echo(before, text) if self._form == "echo" else self._vllm(before, text))

    async def close(self) -> None:
        await self._endpoint.close()

    async def _echo(self, before: str, text: str) -> TokenScores:
        prompt = self._start + before + text
        body = {"model": self.model, "prompt": prompt, "echo": True, "max_tokens": 0, "logprobs": 1, "temperature": 0}
        (tokens, values), billed = await self._endpoint.post("/completions", body, partial(_with_usage, _read_echo))
        context = len(self._start)
        spans = _spans(tokens, prompt)
        if spans is None:
            return self._scores(text, None, 0, 0, _NO_BOUNDARY, billed=billed)
        # A token with a part of both is the text's.
        scored = [value for (_, end), value in zip(spans, values, strict=False) if end > context + len(before)]
        before_it = sum(end > context for _, end in spans) - len(scored)
        return self._scores(text, scored, len(scored), before_it, billed=billed)

    async def _vllm(self, before: str, text: str) -> TokenScores:
        if self._start_ids is None:
            self._start_ids = await self._ids(self._start, add_special_tokens=not self._start)
        context_ids = await self._ids(before) if before else []
        text_ids = await self._ids(text)
        if not self._start_ids and not context_ids:
            return self._scores(text, None, len(text_ids), 0, _NO_START)
        if not text_ids:
            return self._scores(text, None, 0, len(context_ids), "the text has no tokens")
        prompt = self._start_ids + context_ids + text_ids
        body = {"model": self.model, "prompt": prompt, "max_tokens": 1, "prompt_logprobs": 1, "temperature": 0}
        read = partial(_with_usage, partial(_read_vllm, prompt))
        values, billed = await self._endpoint.post("/completions", body, read)
        return self._scores(text, values[-len(text_ids) :], len(text_ids), len(context_ids), billed=billed)

    async def _ids(self, text: str, *, add_special_tokens: bool = False) -> list[int]:
        body = {"model": self.model, "prompt": text, "add_special_tokens": add_special_tokens}
        return await self._endpoint.post("/tokenize", body, _read_ids, beside_v1=True)

    def _scores(
        self,
        text: str,
        values: Sequence[Any] | None,
        tokens: int,
        context_tokens: int,
        missing: str | None = None,
        *,
        billed: int | None = None,
    ) -> TokenScores:
        known = [value for value in values or () if isinstance(value, float | int) and isfinite(value)]
        if values is not None and len(known) < len(values):
            missing = _NO_START if values[0] is None else "a token of the text has no probability"
        return TokenScores(
            logprob=None if missing else float(sum(known)),
            tokens=tokens,
            utf8_bytes=len(text.encode("utf-8", "surrogatepass")),
            context_tokens=context_tokens,
            prompt_form=PROMPT_FORM,
            missing_reason=missing,
            billed_tokens=billed,
        )


def _with_usage(read: Callable[[dict[str, Any], bytes], T], reply: dict[str, Any], raw: bytes) -> tuple[T, int | None]:
    """What `read` makes of a reply, and the prompt's tokens as the server counted them."""
    return read(reply, raw), usage_of(reply).prompt_tokens or None


def _read_echo(reply: dict[str, Any], raw: bytes) -> tuple[list[str], list[Any]]:
    """The tokens' texts, and their log-probabilities as they came."""
    found: dict[str, Any] = first_choice(reply, raw).get("logprobs") or {}
    tokens, values = found.get("tokens"), found.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list) or len(tokens) != len(values):
        raise bad_reply("the reply's logprobs cannot be read", raw)
    return [str(token) for token in tokens], values


def _read_vllm(prompt: Sequence[int], reply: dict[str, Any], raw: bytes) -> list[Any]:
    """Each prompt token's log-probability; the first has none. Other tokens that were likely there are left out."""
    places: Any = first_choice(reply, raw).get("prompt_logprobs")
    try:
        pairs = list(zip(places, prompt, strict=True))
        return [None, *(place[str(token)]["logprob"] for place, token in pairs[1:])]
    except (KeyError, TypeError, ValueError):
        raise bad_reply("the reply's prompt_logprobs cannot be read", raw) from None


def _read_ids(reply: dict[str, Any], raw: bytes) -> list[int]:
    ids = reply.get("tokens")
    if not isinstance(ids, list) or not all(isinstance(token, int) for token in ids):
        raise bad_reply("the reply's tokens cannot be read", raw)
    return ids


def _spans(tokens: Sequence[str], prompt: str) -> list[tuple[int, int]] | None:
    """Where in the prompt each token begins and ends; None where they are shown with other characters than it has.

    A start token that the endpoint put before the prompt is nowhere in it: (0, 0). What was generated after the prompt
    gets no span.
    """
    spans: list[tuple[int, int]] = []
    at = 0
    for token in tokens:
        if at == len(prompt):
            break
        if prompt.startswith(token, at):
            spans.append((at, at + len(token)))
            at += len(token)
        elif not spans:
            spans.append((0, 0))
        else:
            return None
    return spans if at == len(prompt) else None
