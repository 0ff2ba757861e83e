"""The evaluator pair: both AutoGen agents, both orders, missing with a reason, named in the calls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pytest
from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.messages import StructuredMessage
from autogen_core import CancellationToken

from master_autogen.classroom.evaluators import (
    Difficulty,
    DifficultyEvaluator,
    Judgement,
    QualityJudge,
    ToCompare,
    ToMeasure,
    TrainedTurn,
)
from master_autogen.errors import CallError
from master_autogen.grading.quality import read_rubric
from master_autogen.lesson import play_lesson
from master_autogen.models.base import TokenScores
from master_autogen.models.scripted import ScriptedClient
from master_autogen.pool import Pool, Scorers
from master_autogen.records import Call, Lesson
from tests.kit import plan, scripted_pool, stage

PAIR = ToCompare(question="Q", reference="R", first="one", second="two")


class Toy:
    """A scorer whose every token has probability 1/2 after a context and 1/8 alone."""

    prompt_form = "toy"

    def __init__(self, model: str = "toy", fault: CallError | None = None, missing: str | None = None) -> None:
        self.model = model
        self._fault = fault
        self._missing = missing

    async def score(self, context: str | None, text: str) -> TokenScores:
        if self._fault:
            raise self._fault
        tokens = len(text.split())
        each = math.log(1 / 8 if context is None else 1 / 2)
        return TokenScores(
            logprob=None if self._missing else tokens * each,
            tokens=tokens,
            utf8_bytes=len(text),
            context_tokens=0,
            prompt_form="toy",
            missing_reason=self._missing,
        )

    async def close(self) -> None: ...


async def _difficulty(*turns: str, **scorers: Toy) -> Difficulty:
    task = ToMeasure(turns=[TrainedTurn(history="h", text=text) for text in turns])
    evaluator = DifficultyEvaluator(scorers)
    assert isinstance(evaluator, BaseChatAgent)
    answer = await evaluator.on_messages([StructuredMessage(content=task, source="test")], CancellationToken())
    assert isinstance(answer.chat_message, StructuredMessage)
    return answer.chat_message.content  # type: ignore[no-any-return]


async def test_difficulty_is_ifd_by_scorer_size() -> None:
    found = await _difficulty("a b c", "d", small=Toy("s"), large=Toy("l"))
    assert (found.ifd_small, found.ifd_large) == (pytest.approx(0.25), pytest.approx(0.25))
    assert found.detail["small"] == {
        "model": "s",
        "prompt_form": "toy",
        "turns": [{"tokens": 3, "ifd": pytest.approx(0.25)}, {"tokens": 1, "ifd": pytest.approx(0.25)}],
    }


async def test_what_cannot_be_measured_is_missing_with_its_reason() -> None:
    found = await _difficulty("a", small=Toy(missing="does not fit"), large=Toy(fault=CallError("timeout", "too slow")))
    assert (found.ifd_small, found.ifd_large) == (None, None)
    assert found.missing_reason == "small: does not fit; large: timeout: too slow"
    assert (await _difficulty(small=Toy())).missing_reason == "small: nothing to measure"


async def _judge(replies: Sequence[Any]) -> tuple[Judgement, ScriptedClient]:
    client = ScriptedClient.of(replies)
    judge = QualityJudge(client, read_rubric("pairwise"), {"temperature": 0.0})
    assert isinstance(judge, BaseChatAgent)
    answer = await judge.on_messages([StructuredMessage(content=PAIR, source="test")], CancellationToken())
    assert isinstance(answer.chat_message, StructuredMessage)
    return answer.chat_message.content, client


async def test_the_judge_sees_both_lessons_and_the_reference_and_is_asked_for_json() -> None:
    judgement, client = await _judge(['{"reason": "clearer", "better": "second"}'])
    assert judgement == Judgement(better="second", reason="clearer")
    [seen] = client.requests
    assert all(f"\n{text}\n" in seen.messages[1]["content"] for text in ("Q", "R", "one", "two"))
    assert seen.args["response_format"]["type"] == "json_schema"


async def test_a_judge_that_cannot_be_read_is_asked_once_more_then_missing() -> None:
    judgement, client = await _judge(["The second.", '{"better": "first"}'])
    assert judgement.better == "first"
    assert client.requests[1].messages[-1]["content"] == (
        "That could not be read (no JSON object in the reply). Answer with the JSON object alone."
    )
    judgement, client = await _judge(["Hm.", "Well."])
    assert judgement == Judgement(better=None, missing_reason="unreadable: no JSON object in the reply")
    assert len(client.requests) == 2


async def test_an_endpoint_without_schemas_is_asked_without() -> None:
    refused = CallError("request", "response_format is not supported", http_status=400)
    judgement, client = await _judge([refused, '{"better": "tie"}'])
    assert judgement.better == "tie"
    assert ["response_format" in seen.args for seen in client.requests] == [True, False]


async def test_a_judge_that_is_down_is_missing() -> None:
    judgement, _ = await _judge([CallError("connection", "refused")])
    assert judgement == Judgement(better=None, missing_reason="connection: refused")


async def _lesson(pool: Pool, calls: list[Call] | None = None, *, judge: bool = True, candidates: int = 1) -> Lesson:
    at = stage("error_correction", pool, calls=calls, judge=judge)
    # The second pair of equals draws the careful student in every slot.
    lesson = plan(at.scenario, pool, candidates=candidates, probabilities=[1.0, 0.0, 0.0, 0.0])
    return await play_lesson(at, lesson)


async def test_a_lesson_is_graded_by_both_evaluators_and_their_calls_are_named() -> None:
    calls: list[Call] = []
    lesson = await _lesson(scripted_pool(), calls)
    base, candidate = lesson.grades
    assert (base.missing_reason, base.pi_llm, base.pi) == ("is_base", None, None)
    assert candidate.basis == "dual"
    assert candidate.pi_llm is not None
    assert candidate.pi_dual is not None
    assert candidate.pi == pytest.approx(candidate.pi_llm * candidate.pi_dual)
    by_purpose = {purpose: {c.agent for c in calls if c.purpose == purpose} for purpose in ("judge", "score", "turn")}
    assert by_purpose["judge"] == {"quality_judge"}
    assert by_purpose["score"] == {"difficulty_evaluator"}
    assert sorted(c.phase for c in calls if c.purpose == "judge") == ["ab", "ba"]
    assert {c.phase for c in calls if c.purpose == "score"} == {"small", "large"}


async def test_one_scorer_and_a_verifier_give_the_single_basis() -> None:
    pool = scripted_pool(judge="verifier", scorers=Scorers(small="hasty"))
    lesson = await _lesson(pool, judge=False)
    candidate = lesson.grades[1]
    assert (candidate.basis, candidate.pi_llm, candidate.evaluator) == ("single", 0.5, "verifier/hasty")
    assert candidate.ifd_small is not None
    assert candidate.pi == pytest.approx(0.5 * min(1.0, candidate.ifd_small))


async def test_a_candidate_beats_a_base_that_its_checks_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base is cast with the hasty student, whose revised answer is wrong; no judge is needed to see that."""
    base = scripted_pool().base_pairs[0].model_copy(update={"response": "student_hasty"})
    calls: list[Call] = []
    lesson = await _lesson(scripted_pool(base_pairs=[base]), calls)
    assert [episode.status for episode in lesson.episodes] == ["rejected", "complete"]
    assert [(g.episode_id, g.pi_llm) for g in lesson.grades] == [(lesson.episodes[1].id, 1.0)]
    assert lesson.selected_episode_id == lesson.episodes[1].id
    assert not [c for c in calls if c.purpose == "judge"]


async def test_a_lesson_without_anything_to_select_is_rejected_with_its_reasons() -> None:
    base = scripted_pool().base_pairs[0].model_copy(update={"response": "student_hasty"})
    lesson = await _lesson(scripted_pool(base_pairs=[base]), candidates=0)
    assert lesson.status == "rejected"
    assert lesson.reason is not None
    assert lesson.reason.startswith("rejected: revise: right_answer: ")
