"""The evaluator pair, two AutoGen agents apart from the cast: one measures difficulty, one compares quality.

Each takes one structured message and answers with one; what could not be measured is None with a reason, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseChatMessage, StructuredMessage
from autogen_core import CancellationToken
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    LLMMessage,
    SystemMessage,
    UserMessage,
)
from pydantic import BaseModel

from master_autogen.classroom.agents import LightAgent
from master_autogen.errors import CallError
from master_autogen.grading.difficulty import TurnScore, Unit, episode_ifd, same_tokens, too_short
from master_autogen.grading.quality import Place, Reply, Rubric, read_reply, response_format
from master_autogen.models.base import Scorer
from master_autogen.models.failures import all_of
from master_autogen.prompts import fill

M = TypeVar("M", bound=BaseModel)


class TrainedTurn(BaseModel):
    """A turn that is trained on: what was said before it, and what it says. `last` is the last human turn alone, where
    more than that was said before."""

    history: str
    text: str
    last: str | None = None


class ToMeasure(BaseModel):
    """An episode's trained turns, for the difficulty evaluator."""

    turns: list[TrainedTurn]


class Difficulty(BaseModel):
    """IFD by scorer size and by the token (`ifd_*`) or the byte (`byte_*`), over the trained turns; `same_tokens` says
    whether all scorers count the same tokens. `detail` keeps the parts."""

    ifd_small: float | None = None
    ifd_large: float | None = None
    byte_small: float | None = None
    byte_large: float | None = None
    same_tokens: bool = True
    missing_reason: str | None = None
    detail: dict[str, Any] = {}

    def by(self, unit: Unit) -> tuple[float | None, float | None]:
        """(small, large) in this unit."""
        return (self.ifd_small, self.ifd_large) if unit == "token" else (self.byte_small, self.byte_large)


class ToCompare(BaseModel):
    """Two lessons on one question, for the quality judge."""

    question: str
    reference: str
    first: str
    second: str


class Judgement(BaseModel):
    """Which lesson is better; None, with a reason, where the judge could not be read."""

    better: Place | None
    reason: str = ""
    missing_reason: str | None = None


def _content(messages: Sequence[BaseChatMessage], schema: type[M]) -> M:
    last = messages[-1] if messages else None
    if not isinstance(last, StructuredMessage) or not isinstance(last.content, schema):
        raise TypeError(f"expected a StructuredMessage of {schema.__name__}, got {type(last).__name__}")
    return last.content


def _answer(messages: Sequence[BaseChatMessage], found: BaseModel, name: str) -> Response:
    id = f"{messages[-1].id}:answer"
    return Response(chat_message=StructuredMessage(content=found, source=name, id=id, metadata={}))


class Measured(NamedTuple):
    """What one scorer found of an episode's trained turns, in their order; why there is less than that."""

    scorer: Scorer
    turns: list[TurnScore]
    reason: str | None = None


class DifficultyEvaluator(LightAgent):
    """Measures IFD (Star-Agents eq. 4) by one or two scorers, `small` and `large`."""

    def __init__(self, scorers: Mapping[str, Scorer], name: str = "difficulty_evaluator") -> None:
        super().__init__(name, "Measures how hard a lesson is for a small and a large model.")
        self._scorers = scorers

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (StructuredMessage[Difficulty],)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """It keeps nothing from one episode to the next."""

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        task = _content(messages, ToMeasure)
        found = await all_of(_measure(scorer, task) for scorer in self._scorers.values())
        difficulty = _difficulty(dict(zip(self._scorers, found, strict=True)))
        return _answer(messages, difficulty, self.name)


async def _measure(scorer: Scorer, task: ToMeasure) -> Measured:
    """Every trained turn after its history, by itself, and after the last human turn where that is less than all.

    What is asked more than once (the same text by itself, say) is scored once.
    """
    # The turn by itself has the context None, and so has a turn without `last`: one request.
    wanted = list(dict.fromkeys((c, turn.text) for turn in task.turns for c in (turn.history, None, turn.last)))
    try:
        scores = dict(zip(wanted, await all_of(scorer.score(*pair) for pair in wanted), strict=True))
    except CallError as error:
        return Measured(scorer, [], f"{error.kind}: {error}")
    turns: list[TurnScore] = []
    for turn in task.turns:
        after, alone = scores[turn.history, turn.text], scores[None, turn.text]
        if after.logprob is None or alone.logprob is None:
            return Measured(scorer, turns, after.missing_reason or alone.missing_reason or "no score")
        last = None if turn.last is None else scores[turn.last, turn.text].logprob
        turns.append(
            TurnScore(after.logprob, alone.logprob, after.tokens, after.utf8_bytes, last, after.context_tokens)
        )
    return Measured(scorer, turns)


def _difficulty(found: Mapping[str, Measured]) -> Difficulty:
    """IFD of every scorer over the turns that are long enough for all of them, and what is odd about it."""
    scored = [size.turns for size in found.values() if size.reason is None]
    counts = [min(turn.tokens for turn in same) for same in zip(*scored, strict=True)]
    short = {i: why for i, count in enumerate(counts) if (why := too_short(count))}
    values: dict[str, float | None] = {}
    reasons: list[str] = []
    detail: dict[str, Any] = {}
    for size, (scorer, turns, reason) in found.items():
        kept = [turn for i, turn in enumerate(turns) if i not in short and reason is None]
        values[f"ifd_{size}"], values[f"byte_{size}"] = episode_ifd(kept), episode_ifd(kept, "byte")
        if not kept:
            reasons.append(f"{size}: {reason or next(iter(short.values()), 'nothing to measure')}")
        told = [_told(turn, short.get(i)) for i, turn in enumerate(turns)]
        detail[size] = {"model": scorer.model, "prompt_form": scorer.prompt_form, "turns": told}
        if (ifd := values[f"ifd_{size}"]) is not None and ifd > 1:
            detail[size]["note"] = f"IFD {ifd:.2f} is over 1: what was said before makes the answer less likely"
    return Difficulty(
        **values,
        same_tokens=all(same_tokens(scored[0], other) for other in scored[1:]),
        missing_reason="; ".join(reasons) or None,
        detail=detail,
    )


def _told(turn: TurnScore, short: str | None) -> dict[str, Any]:
    """A turn's score as the grade keeps it. `ifd` is the instruction gain: given all that was said, against nothing."""
    told: dict[str, Any] = {"tokens": turn.tokens, "bytes": turn.utf8_bytes}
    if short is not None:
        return told | {"missing": short}
    told["ifd"] = turn.ifd
    if (gain := turn.context_gain("token")) is not None:
        told["context_gain"] = gain
    return told


class QualityJudge(LightAgent):
    """Compares two lessons by a rubric; a reply that cannot be read is asked for once more, with the reason."""

    def __init__(
        self,
        client: ChatCompletionClient,
        rubric: Rubric,
        sampling: Mapping[str, Any],
        name: str = "quality_judge",
        asks: int = 2,
    ) -> None:
        super().__init__(name, rubric.summary or "Says which of two lessons is better.")
        self._client = client
        self._rubric = rubric
        self._sampling = dict(sampling)
        self._with_schema = True
        self._asks = asks

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (StructuredMessage[Judgement],)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        """It keeps nothing from one comparison to the next."""

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        task = _content(messages, ToCompare)
        judgement = await self._judge(task, cancellation_token)
        return _answer(messages, judgement, self.name)

    async def _judge(self, task: ToCompare, cancellation_token: CancellationToken) -> Judgement:
        shown = task.model_dump()
        request: list[LLMMessage] = [
            SystemMessage(content=fill(self._rubric.prompt, shown)),
            UserMessage(content=fill(self._rubric.ask, shown), source="user"),
        ]
        asked, why = request, "not asked"
        for _ in range(self._asks):
            try:
                result = await self._create(asked, cancellation_token)
            except CallError as error:
                return Judgement(better=None, missing_reason=f"{error.kind}: {error}")
            text = result.content if isinstance(result.content, str) else ""
            reply = read_reply(text)
            if isinstance(reply, Reply):
                return Judgement(better=reply.better, reason=reply.reason)
            why = "cut off by the token limit" if result.finish_reason == "length" else reply
            again = fill(self._rubric.again, {"why": why})
            said = AssistantMessage(content=text or "(nothing)", source=self.name)
            asked = [*request, said, UserMessage(content=again, source="user")]
        return Judgement(better=None, missing_reason=f"unreadable: {why}")

    async def _create(self, messages: Sequence[LLMMessage], cancellation_token: CancellationToken) -> CreateResult:
        """Ask with the reply's schema; an endpoint that refuses schemas is asked without from then on."""
        if self._with_schema:
            try:
                args = {**self._sampling, "response_format": response_format()}
                return await self._client.create(
                    messages, extra_create_args=args, cancellation_token=cancellation_token
                )
            except CallError as error:
                if error.kind != "request" or error.http_status not in (400, 404, 415, 422, 501):
                    raise
                self._with_schema = False
        return await self._client.create(
            messages, extra_create_args=self._sampling, cancellation_token=cancellation_token
        )
