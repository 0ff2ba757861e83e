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
from master_autogen.classroom.stage import Desk
from master_autogen.errors import CallError
from master_autogen.grading.quality import read_rubric
from master_autogen.lesson import play_lesson
from master_autogen.models.base import TokenScores
from master_autogen.models.scripted import ScriptedClient
from master_autogen.pool import Pool, Scorers
from master_autogen.records import Call, Episode, Lesson
from tests.kit import plan, scripted_pool, stage

PAIR = ToCompare(question="Q", reference="R", first="one", second="two")


class Toy:
    """A scorer whose every token has probability 1/2 after a context and 1/8 alone."""

    prompt_form = "toy"

    def __init__(
        self,
        model: str = "toy",
        fault: CallError | None = None,
        missing: str | None = None,
        split: int = 1,
        context: float = 1 / 2,
        before: int = 1,
    ) -> None:
        self.model = model
        self.asked: list[tuple[str | None, str]] = []
        self._split = split  # tokens a word
        self._before = before  # tokens a word of the context
        self._context = context
        self._fault = fault
        self._missing = missing

    async def score(self, context: str | None, text: str) -> TokenScores:
        self.asked.append((context, text))
        if self._fault:
            raise self._fault
        tokens = len(text.split()) * self._split
        each = math.log(1 / 8 if context is None else 1 / 4 if context == "last" else self._context) / self._split
        return TokenScores(
            logprob=None if self._missing else tokens * each,
            tokens=tokens,
            utf8_bytes=len(text),
            context_tokens=self._before * len((context or "").split()),
            prompt_form="toy",
            missing_reason=self._missing,
        )

    async def close(self) -> None: ...


async def _difficulty(*turns: str, **scorers: Toy) -> Difficulty:
    return await _measured([TrainedTurn(history="h", text=text) for text in turns], **scorers)


async def _measured(turns: list[TrainedTurn], **scorers: Toy) -> Difficulty:
    task = ToMeasure(turns=turns)
    evaluator = DifficultyEvaluator(scorers)
    assert isinstance(evaluator, BaseChatAgent)
    answer = await evaluator.on_messages([StructuredMessage(content=task, source="test")], CancellationToken())
    assert isinstance(answer.chat_message, StructuredMessage)
    return answer.chat_message.content  # type: ignore[no-any-return]


EIGHT = "a b c d e f g h"


async def test_difficulty_is_ifd_by_scorer_size() -> None:
    found = await _difficulty(EIGHT, EIGHT + " i", small=Toy("s"), large=Toy("l"))
    assert (found.ifd_small, found.ifd_large) == (pytest.approx(0.25), pytest.approx(0.25))
    assert found.same_tokens
    assert found.detail["small"] == {
        "model": "s",
        "prompt_form": "toy",
        "turns": [
            {"tokens": 8, "bytes": 15, "ifd": pytest.approx(0.25)},
            {"tokens": 9, "bytes": 17, "ifd": pytest.approx(0.25)},
        ],
    }


async def test_the_gain_of_the_history_is_asked_for_only_where_there_is_more_of_it() -> None:
    small = Toy("s")
    turns = [TrainedTurn(history="h", text=EIGHT), TrainedTurn(history="h x last", text=EIGHT, last="last")]
    found = await _measured(turns, small=small)
    assert small.asked == [("h", EIGHT), (None, EIGHT), ("h x last", EIGHT), ("last", EIGHT)]  # alone: once
    first, second = found.detail["small"]["turns"]
    assert "context_gain" not in first
    assert second["context_gain"] == pytest.approx(0.5)  # 1/2 a word after everything, 1/4 after the last turn
    assert second["ifd"] == pytest.approx(0.25)


async def test_two_tokenizers_that_cut_a_short_turn_alike_are_known_by_the_history() -> None:
    history = "many words were said before"
    found = await _measured([TrainedTurn(history=history, text=EIGHT)], small=Toy("s"), large=Toy("l", before=2))
    assert not found.same_tokens


async def test_two_tokenizers_are_counted_by_the_byte() -> None:
    found = await _difficulty(EIGHT, small=Toy("s"), large=Toy("l", split=2))
    assert not found.same_tokens
    assert found.by("token") == (pytest.approx(0.25), pytest.approx(0.5))  # a gap that is the tokenizers' alone
    per_byte = 4 ** (-8 / 15)  # 8 words a quarter as likely alone as after the history, over 15 bytes
    assert found.by("byte") == (pytest.approx(per_byte), pytest.approx(per_byte))


async def test_an_answer_too_short_for_one_scorer_is_left_out_for_both() -> None:
    found = await _difficulty("a b c d", EIGHT, small=Toy("s"), large=Toy("l", split=2))
    told = {"tokens": 8, "bytes": 7, "missing": "answer of 4 tokens is too short to measure"}
    assert found.detail["large"]["turns"][0] == told
    assert (found.ifd_small, found.ifd_large, found.missing_reason) == (pytest.approx(0.25), pytest.approx(0.5), None)
    short = await _difficulty("a b", small=Toy("s"))
    assert (short.ifd_small, short.missing_reason) == (None, "small: answer of 2 tokens is too short to measure")


async def test_an_ifd_over_1_is_kept_and_said() -> None:
    found = await _difficulty(EIGHT, small=Toy("s", context=1 / 16))
    assert found.ifd_small == pytest.approx(2.0)
    note = "IFD 2.00 is over 1: what was said before makes the answer less likely"
    assert found.detail["small"]["note"] == note


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


async def test_a_scale_from_earlier_rounds_and_the_papers_own_make_pi_dual() -> None:
    at = stage("error_correction", scripted_pool())
    lesson = plan(at.scenario, at.pool, candidates=2, probabilities=[1.0, 0.0, 0.0, 0.0])
    by_scale = await play_lesson(at, lesson, scales={"token": 2.0, "byte": 0.001})
    to_the_letter = await play_lesson(at, lesson, normaliser="paper")
    for grade in by_scale.grades:
        assert grade.ifd_small is not None
        assert grade.ifd_large is not None
        assert grade.pi_dual == pytest.approx(max(0.0, grade.ifd_small - grade.ifd_large) / 2.0)
        assert (grade.detail["unit"], grade.detail["scale"]) == ("token", 2.0)
    gaps = [g.ifd_small - g.ifd_large for g in to_the_letter.grades if g.ifd_small and g.ifd_large]
    assert [g.pi_dual for g in to_the_letter.grades] == [None, *(pytest.approx(d / max(gaps[1:])) for d in gaps[1:])]
    assert {g.detail["scale"] for g in to_the_letter.grades} == {"paper"}
    assert {g.detail["scale"] for g in (await play_lesson(at, lesson)).grades} == {"lesson"}


async def test_one_short_answer_does_not_hide_that_a_lessons_scorers_count_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The candidate's tokens happen to agree; the base's do not, so both are counted by the byte."""

    async def found(desk: Desk, episode: Episode) -> Difficulty:
        ifds = {"ifd_small": 0.9, "ifd_large": 0.1, "byte_small": 0.75, "byte_large": 0.5}
        return Difficulty(**ifds, same_tokens=not episode.is_base)  # type: ignore[arg-type]

    monkeypatch.setattr("master_autogen.lesson.measure", found)
    at = stage("error_correction", scripted_pool())
    lesson = await play_lesson(
        at, plan(at.scenario, at.pool, probabilities=[1.0, 0, 0, 0]), scales={"token": 9.0, "byte": 0.5}
    )
    for grade in lesson.grades:
        assert (grade.ifd_small, grade.ifd_large, grade.pi_dual) == (0.75, 0.5, 0.5)
        assert (grade.detail["unit"], grade.detail["scale"]) == ("byte", 0.5)


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
