"""The evaluator pair at work on an episode: what they are shown, and their answers as plain records."""

from __future__ import annotations

from typing import TypeVar

from autogen_agentchat.base import Response
from autogen_agentchat.messages import StructuredMessage
from pydantic import BaseModel

from master_autogen.classroom.evaluators import (
    Difficulty,
    DifficultyEvaluator,
    Judgement,
    QualityJudge,
    ToCompare,
    ToMeasure,
    TrainedTurn,
)
from master_autogen.classroom.play import draw_key
from master_autogen.classroom.stage import Desk, Stage
from master_autogen.draws import draw
from master_autogen.grading.quality import Quality, Rubric, Vote, found_wrong, panel, settled, unread, verdict
from master_autogen.models.base import Scorer
from master_autogen.models.client import Uncancelled
from master_autogen.models.failures import all_of
from master_autogen.pool import VERIFIER
from master_autogen.records import Episode, LessonPlan
from master_autogen.scenario import Scenario

M = TypeVar("M", bound=BaseModel)


def evaluator_name(stage: Stage) -> str:
    """The evaluator pair by name: the judges with their rubric, then the scorers."""
    judge = VERIFIER if stage.rubric is None else f"{'+'.join(stage.pool.judges)}:{stage.rubric.name}"
    scorers = "+".join(name for name in (stage.pool.scorers.small, stage.pool.scorers.large) if name)
    return stage.evaluator(f"{judge}/{scorers}" if scorers else judge)


async def measure(desk: Desk, episode: Episode) -> Difficulty:
    """How hard the episode's trained turns are for the pool's scorers."""
    scorers: dict[str, Scorer] = {}
    for size, model in (("small", desk.stage.pool.scorers.small), ("large", desk.stage.pool.scorers.large)):
        if model is not None:
            scorer = desk.scorer(desk.stage.evaluator("difficulty_evaluator"), model)
            scorer.at(size, 0, 1)
            scorers[size] = scorer
    if not scorers:
        return Difficulty(missing_reason="no_scorer")
    task = ToMeasure(turns=trained_turns(desk.stage.scenario, desk.lesson, episode))
    evaluator = DifficultyEvaluator(scorers)
    answer = await evaluator.on_messages([_shown(task, f"{episode.id}:measure")], Uncancelled())
    return _read(answer, Difficulty)


async def compare(desk: Desk, candidate: Episode, base: Episode | None) -> Quality:
    """The candidate against its base. A side that code has found wrong has lost without a judge."""
    if base is None or base.status == "failed":
        return unread("base_failed")
    if wrong := found_wrong(candidate):
        return settled("worse", f"the candidate's answer is wrong: {wrong}")
    if base.status == "rejected":
        return settled("better", "the base was rejected by its checks")
    if desk.stage.rubric is None:
        # Checks are all that a verifier has: beside a base that passes them, a candidate that does is as good.
        wrong = found_wrong(base)
        return settled("better", f"the base's answer is wrong: {wrong}") if wrong else settled("tie", "both pass")
    judges = desk.stage.pool.judges
    votes = await all_of(_vote(desk, desk.stage.rubric, candidate, base, judge) for judge in judges)
    longer = len(transcript(desk.stage.scenario, candidate)) - len(transcript(desk.stage.scenario, base))
    quality = panel(votes)
    return quality._replace(detail={**quality.detail, "longer_by": longer})


async def _vote(desk: Desk, rubric: Rubric, candidate: Episode, base: Episode, judge: str) -> Vote:
    """One judge, asked in both orders."""
    found = await all_of(_ask(desk, rubric, candidate, base, judge, order) for order in ("ab", "ba"))
    ab = None if found[0].better is None else verdict(found[0].better, "first")
    ba = None if found[1].better is None else verdict(found[1].better, "second")
    return Vote(judge, ab, ba, found[0].missing_reason or found[1].missing_reason)


async def _ask(desk: Desk, rubric: Rubric, candidate: Episode, base: Episode, name: str, order: str) -> Judgement:
    """Ask a judge once: in order "ab" the candidate is shown first, in "ba" second."""
    agent = desk.stage.pool.agents[name]
    panelist = (name,) if len(desk.stage.pool.judges) > 1 else ()
    client = desk.chat(desk.stage.evaluator("/".join(("quality_judge", *panelist))), agent.model, "judge")
    client.at(order, 0, 1)
    key = draw(*draw_key(desk.lesson, desk.episode), "judge", order, *panelist)
    judge = QualityJudge(client, rubric, agent.sampling(key))
    shown = [transcript(desk.stage.scenario, episode) for episode in (candidate, base)]
    first, second = shown if order == "ab" else reversed(shown)
    seed = desk.lesson.seed
    task = ToCompare(question=seed.instruction, reference=seed.response, first=first, second=second)
    answer = await judge.on_messages([_shown(task, f"{candidate.id}:{name}:{order}")], Uncancelled())
    return _read(answer, Judgement)


def _shown(task: M, id: str) -> StructuredMessage[M]:
    return StructuredMessage(content=task, source="lesson", id=id, metadata={})


def _read(answer: Response, schema: type[M]) -> M:
    assert isinstance(answer.chat_message, StructuredMessage)
    content = answer.chat_message.content
    assert isinstance(content, schema)
    return content


def transcript(scenario: Scenario, episode: Episode) -> str:
    """The episode as the judge reads it: who says what, hidden turns left out."""
    lines = [f"{scenario.roles[t.role].title}: {t.text}" for t in episode.turns if t.side != "hidden"]
    return "\n\n".join(lines)


def trained_turns(scenario: Scenario, plan: LessonPlan, episode: Episode) -> list[TrainedTurn]:
    """Each trained turn with all that was said before it, the question first where the scenario opens with it."""
    said = [plan.seed.instruction] if scenario.opens_with_question else []
    human = said[-1] if said else None
    turns: list[TrainedTurn] = []
    for turn in episode.turns:
        if turn.train:
            last = human if len(said) > 1 else None
            turns.append(TrainedTurn(history="\n\n".join(said), text=turn.text, last=last))
        if turn.side != "hidden":
            said.append(turn.text)
        if turn.side == "human":
            human = turn.text
    return turns
