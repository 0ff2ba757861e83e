"""One lesson as the page's viewer wants it: plain JSON with all that a reader may ask of it.

Private cues and call facts repeat over a lesson's episodes, so that texts stand once in `texts` and are named by place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from master_autogen.casting import likeness
from master_autogen.log import EpisodeMark
from master_autogen.log.conversation import ReplayTurn, Withdrawn, conversation, role_titles, standing
from master_autogen.records import Call, CheckResult, Episode, EpisodePlan, Grade, Lesson, Seed

PREVIEW = 140
"""Characters of the question in the list of lessons."""


def list_entry(lesson: Lesson) -> dict[str, Any]:
    """What the list shows of a lesson and what it is filtered by; `pi` is the selected episode's."""
    agents = {agent for plan in lesson.plan.episodes for agent in plan.cast.agents.values()}
    agents |= {agent for episode in lesson.episodes for agent in episode.cast.agents.values()}
    return {
        "id": lesson.plan.id,
        "round": lesson.plan.round,
        "scenario": lesson.plan.scenario,
        "kind": lesson.plan.task_type,
        "status": lesson.status,
        "pi": _first_grades(lesson).get(lesson.selected_episode_id or "", {}).get("pi"),
        "agents": sorted(agents),
        "question": " ".join(lesson.plan.seed.instruction.split())[:PREVIEW],
    }


def lesson_json(
    lesson: Lesson, calls: Sequence[Call], config: Mapping[str, Any], marks: Mapping[str, EpisodeMark]
) -> dict[str, Any]:
    """The whole lesson. `calls` are all of the lesson's, `config` the run's, `marks` what people said of episodes."""
    plan = lesson.plan
    texts = _Texts()
    played = {episode.id: episode for episode in lesson.episodes}
    grades = _first_grades(lesson)
    titles = role_titles(config, plan)
    by_episode: dict[str | None, list[Call]] = {}
    for call in calls:
        by_episode.setdefault(call.episode_id, []).append(call)
    episodes = []
    for planned in plan.episodes:
        mine = by_episode.get(planned.id, [])
        mark = marks.get(planned.id)
        made = _planned(planned) | {
            "selected": planned.id == lesson.selected_episode_id,
            "grade": grades.get(planned.id),
            "mark": None if mark is None else {"mark": mark.mark, "note": mark.note},
            "calls": [_call(call, texts) for call in mine],
        }
        if (episode := played.get(planned.id)) is not None:
            made |= _played(lesson, episode, mine, titles, texts)
        episodes.append(made)
    return {
        "id": plan.id,
        "round": plan.round,
        "scenario": plan.scenario,
        "status": lesson.status,
        "reason": lesson.reason,
        "seed": _seed(plan.seed),
        "similar": None if plan.similar is None else _seed(plan.similar),
        "likeness": None if plan.similar is None else str(likeness(plan.seed, plan.similar)),
        "episodes": episodes,
        "calls": [_call(call, texts) for call in by_episode.get(None, [])],
        "texts": texts.all,
    }


class _Texts:
    """Texts by place, each once."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._places: dict[str, int] = {}

    def __call__(self, text: str | None) -> int | None:
        if text is None:
            return None
        if text not in self._places:
            self._places[text] = len(self.all)
            self.all.append(text)
        return self._places[text]


def _seed(seed: Seed) -> dict[str, Any]:
    return {"id": seed.id, **{name: getattr(seed, name) for name in Seed.model_fields}}


def _planned(planned: EpisodePlan) -> dict[str, Any]:
    return {
        "id": planned.id,
        "slot": planned.slot,
        "origin": planned.cast.origin,
        "probability": planned.cast.probability,
        "cast": dict(planned.cast.agents),
        "pair": [planned.cast.pair.instruction, planned.cast.pair.response],
        "status": "pending",
        "reason": None,
        "label": None,
        "standing": "not played",
        "turns": [],
        "unsaid": [],
        "checks": [],
    }


def _played(
    lesson: Lesson, episode: Episode, calls: Sequence[Call], titles: Mapping[str, str], texts: _Texts
) -> dict[str, Any]:
    said = conversation(episode, calls, titles)
    return {
        "cast": dict(episode.cast.agents),
        "pair": [episode.cast.pair.instruction, episode.cast.pair.response],
        "status": episode.status,
        "reason": episode.reason,
        "label": episode.label,
        "standing": standing(lesson, episode),
        "turns": [_turn(turn, texts) for turn in said.turns],
        "unsaid": [_withdrawn(attempt) for attempt in said.unsaid] if episode.status == "failed" else [],
        "checks": [_check(check) for check in episode.checks if check.turn_idx is None],
    }


def _turn(turn: ReplayTurn, texts: _Texts) -> dict[str, Any]:
    said = turn.turn
    return {
        "title": turn.title,
        "phase": said.phase,
        "agent": said.agent,
        "side": said.side,
        "train": said.train,
        "made_by": said.made_by,
        "attempts": said.attempts,
        "truncated": said.truncated,
        "text": said.text,
        "thought": said.thought,
        "notes": dict(said.notes),
        "cue": texts(turn.cue),
        "checks": [_check(check) for check in turn.checks],
        "withdrawn": [_withdrawn(attempt) for attempt in turn.withdrawn],
    }


def _check(check: CheckResult) -> list[Any]:
    return [check.name, check.passed, check.detail]


def _withdrawn(attempt: Withdrawn) -> dict[str, Any]:
    return {
        "attempt": attempt.attempt,
        "text": attempt.text,
        "failed": [_check(check) for check in attempt.failed],
        "error": attempt.error,
    }


def _first_grades(lesson: Lesson) -> dict[str, dict[str, Any]]:
    """The grade that counts of each episode: its first, without the evaluator's own notes, and how many follow."""
    found: dict[str, dict[str, Any]] = {}
    for grade in lesson.grades:
        if grade.episode_id in found:
            found[grade.episode_id]["regrades"] += 1
        else:
            names = [name for name in Grade.model_fields if name not in ("episode_id", "detail")]
            found[grade.episode_id] = {name: getattr(grade, name) for name in names} | {"regrades": 0}
    return found


def _call(call: Call, texts: _Texts) -> list[Any]:
    """A call in the order of the viewer's columns; what a judge said is of interest, what became a turn is there."""
    told = call.text if call.purpose == "judge" else None
    names = (call.purpose, call.phase, call.agent, call.model, call.error if call.status == "error" else None, told)
    numbers = (call.attempt, call.tries, call.prompt_tokens, call.completion_tokens, call.cost)
    return [*(texts(name) for name in names), *numbers, round(call.latency_s, 3)]
