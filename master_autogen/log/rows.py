"""From records to rows of the log and back. Knows columns; opens nothing, decides nothing.

What a call's request shares with others goes to `texts` once and is named by hash: long texts of messages, because
every turn of an episode sends the history again; the history that a scorer is given; the schema of a reply.

    {"messages": [{"role": "user", "source": "teacher", "ref": "0f343b0931126a20"}], "model": ..., "schema": null}
    {"context": {"ref": "66f55a1c1a1d0b9e"}, "text": "That is 5.", "model": ...}
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from operator import attrgetter
from typing import Any

from master_autogen.log.sql import Insert, Row, row, storable, to_json
from master_autogen.records import (
    Call,
    Cast,
    CheckResult,
    Episode,
    EpisodePlan,
    Grade,
    LessonPlan,
    Pair,
    Record,
    Seed,
    SelectionRow,
    Turn,
)

WHOLE_EPISODE = -1  # checks.turn_idx of a check of a whole episode
_LONGEST_INLINE = 80  # characters; a longer text goes to `texts`


@lru_cache(maxsize=1024)  # each turn of an episode sends the texts before it again
def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


# --- seeds, lessons, episodes ---

_SEED = tuple(Seed.model_fields)
_of_seed = attrgetter(*_SEED)
SEEDS = Insert(
    "seeds",
    ("id", *_SEED),
    on_conflict="ON CONFLICT (id) DO UPDATE SET answer = excluded.answer, kind = excluded.kind, "
    "source = excluded.source, licence = excluded.licence",
)
_LESSON = ("id", "run_id", "round", "position", "seed_id", "similar_seed_id", "scenario", "task_type")
LESSONS = Insert(
    "lessons",
    (*_LESSON, "random_seed", "seed_facts", "similar_seed_facts"),
    on_conflict="ON CONFLICT (id) DO NOTHING",
)
_EPISODE = ("id", "lesson_id", "run_id", "slot", "pair_instruction", "pair_response", "cast", "origin", "probability")
PLANNED_EPISODES = Insert("episodes", (*_EPISODE, "is_base"), on_conflict="ON CONFLICT (id) DO NOTHING")
_PLAYED = (*_EPISODE, "is_base", "status", "reason", "label", "planned_cast", "played")
PLAYED_EPISODES = Insert(
    "episodes",
    _PLAYED,
    on_conflict="ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(f'"{column}" = excluded."{column}"' for column in _PLAYED if column not in ("id", "slot")),
)


def seed_row(seed: Seed) -> Row:
    return row(seed.id, *_of_seed(seed))


def seed_facts(seed: Seed) -> str:
    """What the seed's id does not cover, so that a run reads back the seed it played, whatever others call it."""
    facts = seed.model_dump(exclude={"instruction", "response"})
    if not unicodedata.is_normalized("NFC", seed.instruction):
        facts["instruction"] = seed.instruction
    return to_json(facts)


def seed_of(instruction: str, response: str, facts: str) -> Seed:
    return Seed.model_validate({"instruction": instruction, "response": response} | json.loads(facts))


def lesson_row(plan: LessonPlan, position: int) -> Row:
    similar = plan.similar
    return row(
        *(plan.id, plan.run_id, plan.round, position, plan.seed.id, similar.id if similar else None),
        *(plan.scenario, plan.task_type, plan.random_seed),
        *(seed_facts(plan.seed), seed_facts(similar) if similar else None),
    )


def _episode_row(episode_id: str, plan: LessonPlan, slot: int, cast: Cast) -> Row:
    return (
        *(episode_id, plan.id, plan.run_id, slot, cast.pair.instruction, cast.pair.response),
        *(to_json(dict(cast.agents)), cast.origin, cast.probability),
    )


def planned_episode_rows(plan: LessonPlan) -> list[Row]:
    return [row(*_episode_row(e.id, plan, e.slot, e.cast), e.slot == 0) for e in plan.episodes]


def played_episode_row(episode: Episode, plan: LessonPlan) -> Row:
    """ValueError where the plan does not hold the episode."""
    planned = next((e for e in plan.episodes if e.id == episode.id), None)
    if planned is None:
        raise ValueError(f"episode {episode.id} is not in the plan of lesson {plan.id}")
    other = None if planned.cast == episode.cast else to_json(planned.cast.model_dump(mode="json"))
    start = _episode_row(episode.id, plan, planned.slot, episode.cast)
    return row(*start, episode.is_base, episode.status, episode.reason, episode.label, other, 1)


def cast_of(found: Mapping[str, Any]) -> Cast:
    """The cast that played, from a row of `episodes`."""
    return Cast(
        pair=pair_of(found), agents=json.loads(found["cast"]), origin=found["origin"], probability=found["probability"]
    )


def pair_of(found: Mapping[str, Any]) -> Pair:
    return Pair(instruction=found["pair_instruction"], response=found["pair_response"])


def planned_episode_of(found: Mapping[str, Any]) -> EpisodePlan:
    planned = found["planned_cast"]
    cast = Cast.model_validate_json(planned) if planned else cast_of(found)
    return EpisodePlan(id=found["id"], slot=found["slot"], cast=cast)


# --- turns, checks, grades, selections ---


def _but(record: type[Record], *others: str) -> tuple[str, ...]:
    """The record's fields that are columns as they are."""
    return tuple(name for name in record.model_fields if name not in others)


_TURN = _but(Turn, "notes")
_CHECK = _but(CheckResult, "turn_idx")
_GRADE = _but(Grade, "detail")
_of_turn, _of_check, _of_grade = attrgetter(*_TURN), attrgetter(*_CHECK), attrgetter(*_GRADE)
TURNS = Insert("turns", ("episode_id", *_TURN, "notes"))
CHECKS = Insert("checks", ("episode_id", "turn_idx", *_CHECK, "seq"))
GRADES = Insert("grades", (*_GRADE, "detail", "seq"))
_SELECTION = (
    "run_id",
    "round",
    "scenario",
    "task_type",
    "probability",
    "pulls",
    "reward_sum",
    "rule",
    "low",
    "high",
    "note",
)
SELECTIONS = Insert(
    "selections", (*_SELECTION, "pair_instruction", "pair_response"), on_conflict="ON CONFLICT DO NOTHING"
)


def turn_row(episode_id: str, turn: Turn) -> Row:
    return row(episode_id, *_of_turn(turn), to_json(dict(turn.notes)))


def turn_of(found: Mapping[str, Any]) -> Turn:
    return Turn.model_validate(
        {name: found[name] for name in Turn.model_fields} | {"notes": json.loads(found["notes"])}
    )


def check_row(episode_id: str, check: CheckResult, seq: int) -> Row:
    turn_idx = WHOLE_EPISODE if check.turn_idx is None else check.turn_idx
    name, passed, detail, attempt = _of_check(check)
    return (episode_id, turn_idx, name, passed, detail if detail.isascii() else storable(detail), attempt, seq)


def check_of(found: Mapping[str, Any]) -> CheckResult:
    turn_idx = None if found["turn_idx"] == WHOLE_EPISODE else found["turn_idx"]
    return CheckResult.model_validate({name: found[name] for name in CheckResult.model_fields} | {"turn_idx": turn_idx})


def grade_row(grade: Grade, seq: int) -> Row:
    return row(*_of_grade(grade), to_json(dict(grade.detail)), seq)


def grade_of(found: Mapping[str, Any]) -> Grade:
    return Grade.model_validate(
        {name: found[name] for name in Grade.model_fields} | {"detail": json.loads(found["detail"])}
    )


def selection_row(selection: SelectionRow) -> Row:
    start = (getattr(selection, name) for name in _SELECTION)
    return row(*start, selection.pair.instruction, selection.pair.response)


def selection_of(found: Mapping[str, Any]) -> SelectionRow:
    return SelectionRow.model_validate({name: found[name] for name in _SELECTION} | {"pair": pair_of(found)})


# --- calls and the texts they share ---

_SCORED = ("context", "text")  # of a scorer's request

_CALL = _but(Call, "request", "detail")
_of_call = attrgetter(*_CALL)
CALLS = Insert("calls", (*_CALL, "request", "detail"), or_else="OR REPLACE")
TEXTS = Insert("texts", ("hash", "text"), or_else="OR IGNORE")


def call_row(call: Call) -> tuple[Row, dict[str, str]]:
    """The row of a call, and the texts that it names by hash."""
    texts: dict[str, str] = {}
    request = dict(call.request)
    if "messages" in request:
        request["messages"] = [_by_reference(message, texts) for message in request["messages"]]
    for name in _SCORED:
        if isinstance(request.get(name), str) and len(request[name]) > _LONGEST_INLINE:
            request[name] = {"ref": _shared(request[name], texts)}
    if request.get("schema") is not None:
        request["schema"] = {"ref": _shared(to_json(request["schema"]), texts)}
    return row(*_of_call(call), to_json(request), to_json(dict(call.detail))), texts


def _by_reference(message: Mapping[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    text = message.get("content")
    if not isinstance(text, str) or len(text) <= _LONGEST_INLINE:
        return dict(message)
    ref = _shared(text, texts)
    if len(message) == 2 and "role" in message:  # as nearly all are
        return {"role": message["role"], "ref": ref}
    return {"ref" if key == "content" else key: ref if key == "content" else value for key, value in message.items()}


def _shared(text: str, texts: dict[str, str]) -> str:
    ref = text_hash(text)
    texts[ref] = text
    return ref


def refs_of(request: Mapping[str, Any]) -> list[str]:
    found = [message["ref"] for message in request.get("messages", ()) if "ref" in message]
    return found + [ref for name in (*_SCORED, "schema") if (ref := _ref(request, name)) is not None]


def _ref(request: Mapping[str, Any], name: str) -> str | None:
    """The text that a field of a request is a reference to; None where it stands there itself."""
    value = request.get(name)
    return value["ref"] if isinstance(value, dict) and value.keys() == {"ref"} else None


def call_of(found: Mapping[str, Any], request: Mapping[str, Any], texts: Mapping[str, str]) -> Call:
    """The call of a row, the texts put back into its `request`; KeyError names a text that is missing."""
    full = dict(request)
    if "messages" in full:
        full["messages"] = [
            {"content" if k == "ref" else k: texts[v] if k == "ref" else v for k, v in message.items()}
            for message in full["messages"]
        ]
    for name in _SCORED:
        if (ref := _ref(full, name)) is not None:
            full[name] = texts[ref]
    if (ref := _ref(full, "schema")) is not None:
        full["schema"] = json.loads(texts[ref])
    return Call.model_validate(dict(found) | {"request": full, "detail": json.loads(found["detail"])})
