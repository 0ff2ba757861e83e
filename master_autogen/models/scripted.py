"""Models that are no models: replies by rules, and pseudo log-likelihoods, for pools without a model and for tests.

    rules:
      - when: 'user: What is (?P<a>\\d+) plus (?P<b>\\d+)'
        say: ["{{ a }} and {{ b }} make {{ pick }}.", "Let me count on from {{ a }}."]
        weights: [3, 1]

All of it is a pure function of model name, request and the call's seed.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import regex
from autogen_core.models import CreateResult, LLMMessage, RequestUsage

from master_autogen.draws import choose, draw, unit
from master_autogen.errors import CallError, UserError
from master_autogen.models.base import TokenScores
from master_autogen.models.client import PlainClient
from master_autogen.models.messages import as_dicts, request_text
from master_autogen.models.tokens import estimate
from master_autogen.pool import ModelSpec, Rule
from master_autogen.prompts import TemplateFault, fill, variables

Said = str | CreateResult
Answerer = Callable[[list[dict[str, str]], dict[str, Any]], Said | Awaitable[Said]]
"""From the messages (as dicts) and the arguments of a call to its answer, now or later."""

_FLAGS = regex.DOTALL | regex.MULTILINE | regex.VERSION0  # the rules of `re`

LONGEST_S = 1.0
"""How long one rule may look: a pattern like `(a+)+b` would otherwise hold up the whole run, and `re` cannot be
stopped."""


class Seen(NamedTuple):
    """One request as it came: messages as dicts, and whatever stood in `extra_create_args`."""

    messages: list[dict[str, str]]
    args: dict[str, Any]

    @property
    def text(self) -> str:
        return request_text(self.messages)


class ScriptedClient(PlainClient):
    """Answers by the first rule whose `when` is found in the request; `requests` holds all it was asked, if it may.

    `keep_requests` is for tests: a long run would fill the memory.
    """

    def __init__(self, rules: Sequence[Rule], model: str = "scripted", *, keep_requests: bool = True) -> None:
        super().__init__(model)
        self.requests: list[Seen] = []
        self._keep = keep_requests
        compiled = [(_checked(rule, i, model), rule) for i, rule in enumerate(rules, 1)]
        self._answer: Answerer = lambda messages, args: _by_rule(compiled, model, request_text(messages), args)

    @classmethod
    def of(cls, replies: Sequence[Said | BaseException] | Answerer, model: str = "scripted") -> ScriptedClient:
        """A client that gives these replies in order (an exception is raised), or asks a function for each."""
        client = cls((), model)
        client._answer = replies if callable(replies) else _in_order(replies, model)
        return client

    async def ask(self, messages: Sequence[LLMMessage], args: Mapping[str, Any]) -> CreateResult:
        seen = Seen(as_dicts(messages), dict(args))
        if self._keep:
            self.requests.append(seen)
        said = self._answer(seen.messages, seen.args)
        if inspect.isawaitable(said):
            said = await said
        if isinstance(said, CreateResult):
            return said
        usage = RequestUsage(prompt_tokens=estimate(seen.text), completion_tokens=estimate(said))
        return CreateResult(finish_reason="stop", content=said, usage=usage, cached=False)


def _in_order(replies: Sequence[Said | BaseException], model: str) -> Answerer:
    left = iter(replies)

    def answer(messages: list[dict[str, str]], args: dict[str, Any]) -> Said:
        said = next(left, None)
        if said is None:
            raise CallError("script", f"scripted model {model!r} has said all of its {len(replies)} replies")
        if isinstance(said, BaseException):
            raise said
        return said

    return answer


def _by_rule(
    rules: Sequence[tuple[regex.Pattern[str], Rule]], model: str, request: str, args: Mapping[str, Any]
) -> str:
    for pattern, rule in rules:
        try:
            found = pattern.search(request, timeout=LONGEST_S)
        except TimeoutError:
            told = f"scripted model {model!r}: when {rule.when!r} looks for more than {LONGEST_S:g} s; make it simpler"
            raise CallError("script", told) from None
        if found is None:
            continue
        key = (model, args.get("seed", 0), request)
        template = choose(rule.say, *key, weights=rule.weights)
        groups = {name: text or "" for name, text in found.groupdict().items()}
        return fill(template, {**groups, "pick": 2 + draw(*key, "pick") % 98})
    raise CallError("script", f"scripted model {model!r} has no rule for this request; it ends: {request[-200:]}")


def _checked(rule: Rule, number: int, model: str) -> regex.Pattern[str]:
    """The rule's pattern. Raises `UserError` for whatever would fail once the run is on its way."""
    where = f"model {model!r}, rule {number}"
    try:
        pattern = regex.compile(rule.when, _FLAGS)
    except (regex.error, OverflowError, RecursionError) as error:
        raise UserError(f"{where}: when is no regular expression: {error}") from None
    for template in rule.say:
        try:
            unknown = variables(template) - set(pattern.groupindex) - {"pick"}
        except TemplateFault as error:
            raise UserError(f"{where}: say: {error}") from None
        if unknown:
            raise UserError(f"{where}: say uses {', '.join(sorted(unknown))}, which when does not name (or write pick)")
    weights = rule.weights
    if weights is not None and (len(weights) != len(rule.say) or min(weights) < 0 or sum(weights) <= 0):
        raise UserError(f"{where}: weights must be one a reply, none negative, not all 0")
    return pattern


class ScriptedScorer:
    """A pseudo log-likelihood: each word costs 1 to 2 nats by the hash of (model, word), and `discount` less, as a
    share, where the context has the word too. So a context that helps looks like one; it measures nothing real."""

    prompt_form = "words"

    def __init__(self, spec: ModelSpec, *, name: str = "") -> None:
        self.model = spec.model or name or "scripted"
        unknown = sorted(set(spec.config) - {"discount"})
        if unknown:
            raise UserError(f"model {self.model!r}: config has {', '.join(unknown)}, but only discount is known")
        self._discount = spec.config.get("discount", 0.5)
        if not isinstance(self._discount, int | float) or not 0 <= self._discount < 1:
            raise UserError(f"model {self.model!r}: config.discount is {self._discount!r}; it must be in [0, 1)")

    async def score(self, context: str | None, text: str) -> TokenScores:
        words, before = _words(text), _words(context or "")
        known = frozenset(before)
        costs = [(1 + unit(self.model, word)) * (1 - self._discount * (word in known)) for word in words]
        return TokenScores(
            logprob=-sum(costs) if words else None,
            tokens=len(words),
            utf8_bytes=len(text.encode("utf-8", "surrogatepass")),
            context_tokens=len(before),
            prompt_form=self.prompt_form,
            missing_reason=None if words else "the text has no words",
        )

    async def close(self) -> None:
        """Nothing is open."""


def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text.lower())
