"""What a call is: where it stands, the key of what was sent, the row it becomes and the answer that row gives back.

Identity is (episode or lesson, purpose, phase, agent, turn, attempt); the key covers messages, model, sampling and
schema. Knows no client and sends nothing.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from pydantic_core import to_json

from master_autogen.errors import CallError
from master_autogen.models.tokens import cost, estimate
from master_autogen.pool import Price
from master_autogen.records import Call, Purpose

CANCELLED = "cancelled"
# The endpoint may have read the prompt, and bill for it, although no answer came of it.
_MAY_BE_BILLED = frozenset({"timeout", "bad_reply", "refusal"})


class CallSite(NamedTuple):
    """Who asks, for what. `owner` is the episode, or the lesson where there is none; `tries` bounds one request."""

    run_id: str
    lesson_id: str
    episode_id: str | None
    purpose: Purpose
    agent: str
    model: str
    price: Price | None = None
    tries: int = 4

    @property
    def owner(self) -> str:
        return self.episode_id or self.lesson_id


class Identity(NamedTuple):
    """Where a call stands; `turn` counts from 0, `attempt` (how often the turn was asked for) from 1."""

    owner: str
    purpose: str
    phase: str
    agent: str
    turn: int
    attempt: int

    def __str__(self) -> str:
        return "/".join(map(str, self))


def identity_of(call: Call) -> Identity:
    owner = call.episode_id or call.lesson_id
    return Identity(owner, call.purpose, call.phase, call.agent, call.turn, call.attempt)


Recorded = Mapping[Identity, Sequence[Call]]


def by_identity(calls: Iterable[Call]) -> dict[Identity, list[Call]]:
    """Calls of the log, as a recorder takes them."""
    found: dict[Identity, list[Call]] = {}
    for call in sorted(calls, key=lambda call: call.tries):
        found.setdefault(identity_of(call), []).append(call)
    return found


def call_numbers(recorded: Recorded, owner: str) -> Iterator[int]:
    """`seq` for the new calls of an episode or lesson, after those it has; one for all of its agents."""
    known = (call.seq for place, calls in recorded.items() if place.owner == owner for call in calls)
    return itertools.count(1 + max(known, default=-1))


class Answer(NamedTuple):
    """What one attempt brought, in the columns of a `Call`."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    tokens_estimated: bool = False
    finish_reason: str | None = None
    thought: str | None = None
    detail: Mapping[str, Any] = MappingProxyType({})
    replayed: bool = False


_PLAIN = json.JSONEncoder(ensure_ascii=False).encode
_SORTED = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def request_key(request: Mapping[str, Any]) -> str:
    """SHA-256 of the request's JSON with sorted keys: the same in every process and on every day."""
    try:
        text = to_json(_in_order(request))  # the same bytes in a quarter of the time
    except ValueError:
        text = _SORTED(request).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()


class Ordered(dict[str, Any]):
    """A part of a request whose keys are in order, all the way down, so that nobody has to put them into it again."""


def ordered(value: Mapping[str, Any]) -> Ordered:
    """For a part that many requests have, as the schema of a judge's reply."""
    return Ordered(_in_order(value))


_AS_THEY_ARE = frozenset({str, int, bool, type(None), Ordered})


def _in_order(value: Any) -> Any:
    """With the keys of all mappings sorted. ValueError for a number that `to_json` writes otherwise: 1e-05 as 1e-5."""
    if type(value) in _AS_THEY_ARE:
        return value
    if isinstance(value, dict):
        role, content = value.get("role"), value.get("content")
        if len(value) == 2 and type(role) is str and type(content) is str:  # a message, as most of a request are
            return {"content": content, "role": role}
        return {key: v if type(v := value[key]) in _AS_THEY_ARE else _in_order(v) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_in_order(item) for item in value]
    if isinstance(value, float) and "e" in repr(value):
        raise ValueError(value)
    return _in_order(dict(value)) if isinstance(value, Mapping) else value


class Attempt(NamedTuple):
    """One attempt as it went: `outcome` is None for a cancelled one; `started` is Unix time."""

    place: Identity
    tries: int
    request: Mapping[str, Any]
    key: str
    outcome: Answer | CallError | None
    started: float
    latency_s: float


def call_of(site: CallSite, attempt: Attempt, seq: int) -> Call:
    """The row of an attempt."""
    place = attempt.place
    columns = _columns(attempt.outcome, attempt.request)
    name = _PLAIN([site.run_id, *place, attempt.tries])
    return Call(
        id=hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:16],
        run_id=site.run_id,
        lesson_id=site.lesson_id,
        episode_id=site.episode_id,
        seq=seq,
        purpose=site.purpose,
        phase=place.phase,
        agent=site.agent,
        model=site.model,
        turn=place.turn,
        attempt=place.attempt,
        tries=attempt.tries,
        request_key=attempt.key,
        request=attempt.request,
        cost=cost(site.price, columns["prompt_tokens"], columns["completion_tokens"]),
        latency_s=attempt.latency_s,
        started=attempt.started,
        **columns,
    )


def difference(recorded: Mapping[str, Any], made: Mapping[str, Any]) -> str:
    """Where two requests first differ, in words: the message by its place (from 0), else the part by its name."""
    old, new = recorded.get("messages", ()), made.get("messages", ())
    for i, (was, now) in enumerate(zip(old, new, strict=False)):
        if was != now:
            return f"message {i} ({now.get('role', '?')}) differs"
    if len(old) != len(new):
        return f"message {min(len(old), len(new))} is {'missing' if len(new) < len(old) else 'new'}"
    parts = sorted(key for key in {*recorded, *made} if recorded.get(key) != made.get(key))
    return f"{', '.join(parts)} differs" if parts else "nothing differs but what the log's form leaves out"


def _columns(outcome: Answer | CallError | None, request: Mapping[str, Any]) -> dict[str, Any]:
    """What came of an attempt, by the names of `Call`; None stands for a cancelled one."""
    if isinstance(outcome, Answer):
        return {
            "status": "ok",
            "text": outcome.text,
            "thought": outcome.thought,
            "finish_reason": outcome.finish_reason,
            "prompt_tokens": outcome.prompt_tokens,
            "completion_tokens": outcome.completion_tokens,
            "tokens_estimated": outcome.tokens_estimated,
            "detail": dict(outcome.detail),
        }
    billed = outcome is None or outcome.kind in _MAY_BE_BILLED
    text = outcome.text if outcome else None
    columns: dict[str, Any] = {
        "status": "error",
        "error": str(outcome) if outcome else CANCELLED,
        "text": text,
        "prompt_tokens": prompt_estimate(request) if billed else 0,
        "completion_tokens": estimate(text or "") if billed else 0,
        "tokens_estimated": billed,
    }
    if outcome is not None:
        columns["http_status"] = outcome.http_status
        columns["detail"] = {"kind": outcome.kind} | (
            {} if outcome.retry_after is None else {"retry_after": outcome.retry_after}
        )
    return columns


def prompt_estimate(request: Mapping[str, Any]) -> int:
    """Estimated tokens of all the texts of a request."""
    texts = [message["content"] for message in request.get("messages", ())]
    return sum(map(estimate, texts)) + estimate(request.get("context") or "") + estimate(request.get("text") or "")


def answer_of(call: Call) -> Answer:
    return Answer(
        text=call.text or "",
        prompt_tokens=call.prompt_tokens or 0,
        completion_tokens=call.completion_tokens or 0,
        tokens_estimated=call.tokens_estimated,
        finish_reason=call.finish_reason,
        thought=call.thought,
        detail=call.detail,
        replayed=True,
    )


def error_of(call: Call) -> CallError:
    return CallError(
        call.detail.get("kind", "request"),
        call.error or "failed",
        http_status=call.http_status,
        retry_after=call.detail.get("retry_after"),
        text=call.text,
    )
