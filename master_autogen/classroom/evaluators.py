"""The evaluator pair, two AutoGen agents apart from the cast: one measures difficulty, one compares quality.

Each takes one structured message and answers with one; what could not be measured is None with a reason, never 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from autogen_agentchat.agents import BaseChatAgent
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

from master_autogen.errors import CallError
from master_autogen.grading.difficulty import TurnScore, episode_ifd
from master_autogen.grading.quality import Place, Reply, Rubric, read_reply, response_format
from master_autogen.models.base import Scorer
from master_autogen.prompts import fill

M = TypeVar("M", bound=BaseModel)


class TrainedTurn(BaseModel):
    """A turn that is trained on: what was said before it, and what it says."""

    history: str
    text: str


class ToMeasure(BaseModel):
    """An episode's trained turns, for the difficulty evaluator."""

    turns: list[TrainedTurn]


class Difficulty(BaseModel):
    """IFD by scorer size, token-weighted over the trained turns; `detail` keeps the parts."""

    ifd_small: float | None = None
    ifd_large: float | None = None
    missing_reason: str | None = None
    detail: dict[str, Any] = {}


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


class DifficultyEvaluator(BaseChatAgent):
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
        found = await asyncio.gather(*(self._measure(scorer, task) for scorer in self._scorers.values()))
        values = dict(zip(self._scorers, found, strict=True))
        reasons = [f"{size}: {reason}" for size, (_, reason, _) in values.items() if reason]
        difficulty = Difficulty(
            ifd_small=values["small"][0] if "small" in values else None,
            ifd_large=values["large"][0] if "large" in values else None,
            missing_reason="; ".join(reasons) or None,
            detail={size: detail for size, (_, _, detail) in values.items()},
        )
        return Response(chat_message=StructuredMessage(content=difficulty, source=self.name))

    async def _measure(self, scorer: Scorer, task: ToMeasure) -> tuple[float | None, str | None, dict[str, Any]]:
        detail: dict[str, Any] = {"model": scorer.model, "prompt_form": scorer.prompt_form, "turns": []}
        scores: list[TurnScore] = []
        for turn in task.turns:
            try:
                after, alone = await asyncio.gather(
                    scorer.score(turn.history, turn.text), scorer.score(None, turn.text)
                )
            except CallError as error:
                return None, f"{error.kind}: {error}", detail
            if after.logprob is None or alone.logprob is None:
                return None, after.missing_reason or alone.missing_reason or "no score", detail
            score = TurnScore(after.logprob, alone.logprob, after.tokens)
            detail["turns"].append({"tokens": score.tokens, "ifd": score.ifd})
            scores.append(score)
        value = episode_ifd(scores)
        return value, None if value is not None else "nothing to measure", detail


class QualityJudge(BaseChatAgent):
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
        return Response(chat_message=StructuredMessage(content=judgement, source=self.name))

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
