"""Readers of runs, lessons, episodes and calls. They change nothing and may run while the writer writes: what belongs
to one lesson is read in one snapshot.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from sqlite_utils import Database

from master_autogen.errors import UserError
from master_autogen.log import rows
from master_autogen.log.file import log_path
from master_autogen.log.sql import Value, fetch
from master_autogen.log.views import EpisodeView, LessonRow, RoundView, RunRecord, RunView
from master_autogen.records import Call, CheckResult, Episode, Lesson, LessonPlan, LessonStatus, Seed, Turn

_CANDIDATES_SHOWN = 10


# --- runs ---


def list_runs(db: Database) -> list[RunView]:
    """All runs, the earliest first."""
    return _views(db, None)


def get_run(db: Database, run_id: str | None = None) -> RunView:
    """The run of this id or beginning of an id; with None the latest. UserError where there is none, or several. Other
    runs of the log are not looked into."""
    found = run_records(db)
    if not found:
        raise UserError(f"the log {log_path(db)} holds no run; run `master-autogen run` first")
    wanted = found[-1].id
    if run_id is not None:
        wanted = _full_id(db, "run", run_id, hint="`master-autogen runs list` shows them")
    return _views(db, wanted)[0]


def run_records(db: Database) -> list[RunRecord]:
    """All runs as they were begun and with their status, the earliest first, without what came of them."""
    found = fetch(db, f"SELECT {', '.join(RunRecord.model_fields)} FROM runs ORDER BY started, rowid")
    return [RunRecord.model_validate(run | _parsed(run)) for run in found]


def _views(db: Database, run_id: str | None) -> list[RunView]:
    with db.atomic():
        lessons = _lesson_counts(db, run_id)
        return [
            RunView.model_validate(found | _parsed(found) | {"lessons": lessons[found["id"]]})
            for found in fetch(db, _RUNS, (run_id,))
        ]


def lesson_counts(db: Database, run_id: str) -> dict[str, int]:
    """How many of a run's planned lessons have each status; of a run that is not there, nothing."""
    return _lesson_counts(db, run_id).get(run_id, {})


def _lesson_counts(db: Database, run_id: str | None) -> defaultdict[str, dict[str, int]]:
    """By run; of all runs with None."""
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for found in fetch(db, _STATUSES, (run_id,)):
        counts[found["run_id"]][found["status"]] = found["lessons"]
    return counts


_STATUSES = """
SELECT run_id, lessons.status, count(*) AS lessons FROM runs CROSS JOIN lessons ON run_id = runs.id
WHERE coalesce(runs.id = ?, 1) GROUP BY run_id, lessons.status
"""
_RUNS = """
SELECT runs.*, count(calls.run_id) AS calls, coalesce(sum(calls.status = 'error'), 0) AS failed_calls,
  coalesce(sum(prompt_tokens), 0) AS prompt_tokens, coalesce(sum(completion_tokens), 0) AS completion_tokens,
  sum(cost) AS cost, count(calls.run_id) - count(cost) AS unpriced_calls
FROM runs LEFT JOIN calls ON calls.run_id = runs.id
WHERE coalesce(runs.id = ?, 1) GROUP BY runs.id ORDER BY runs.started, runs.rowid
"""


def _parsed(found: dict[str, Any]) -> dict[str, Any]:
    return {"config": json.loads(found["config"]), "versions": json.loads(found["versions"])}


# --- rounds ---

_ENDED = "('accepted', 'rejected', 'failed', 'cancelled')"


def run_rounds(db: Database, run_id: str) -> list[RoundView]:
    """The rounds of a run that were planned, and which of them have ended."""
    made: dict[int, dict[str, Any]] = {}
    with db.atomic():
        for found in fetch(db, _TOPICS, (run_id,)):
            of = made.setdefault(found["round"], {"number": found["round"], "topics": (), "ended": True})
            of["topics"] += ((found["scenario"], found["task_type"]),)
            of["ended"] &= bool(found["ended"])
        for found in fetch(db, _SEEDS, (run_id,)):
            made[found["round"]]["seeds"] = found["seeds"]
    return [RoundView.model_validate(of) for of in made.values()]


_TOPICS = f"""
SELECT round, scenario, task_type, min(status IN {_ENDED}) AS ended FROM lessons WHERE run_id = ?
GROUP BY round, scenario, task_type ORDER BY round, min(position)
"""
_SEEDS = "SELECT round, count(DISTINCT seed_id) AS seeds FROM lessons WHERE run_id = ? GROUP BY round"


def round_ends(db: Database, run_id: str, number: int) -> dict[str, bool]:
    """The lessons of a round that have ended, in lesson order, and whether each was accepted."""
    query = (
        "SELECT id, status = 'accepted' AS accepted FROM lessons "
        f"WHERE run_id = ? AND round = ? AND status IN {_ENDED} ORDER BY position, id"
    )
    return {found["id"]: bool(found["accepted"]) for found in fetch(db, query, (run_id, number))}


def planned_round(db: Database, run_id: str, number: int) -> list[LessonPlan]:
    """The lessons of a round as they were planned, in their order; none where the round was not planned yet."""
    with db.atomic():
        lessons = fetch(db, _LESSON.format("lessons.run_id = ? AND round = ?") + _IN_ORDER, (run_id, number))
        episodes: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for found in fetch(db, _EPISODES_OF_ROUND, (run_id, number)):
            episodes[found["lesson_id"]].append(found)
    return [_plan(lesson, episodes[lesson["id"]]) for lesson in lessons]


_IN_ORDER = "ORDER BY position, lessons.id"
_EPISODES_OF_ROUND = """
SELECT episodes.* FROM lessons CROSS JOIN episodes ON lesson_id = lessons.id
WHERE lessons.run_id = ? AND round = ? ORDER BY slot, episodes.id
"""


# --- lessons ---


def lesson_rows(db: Database, run_id: str, only: Literal["all", "first", "best"] = "all") -> list[LessonRow]:
    """A run's lessons in lesson order (round, then place in the round), without what was said; only the first, or only
    the accepted one with the highest pi, where that is asked for. `run_id` is the whole id, as `get_run` gives it: of a
    run that is not there, there are none."""
    found = fetch(db, _LESSON_ROWS[only], (run_id,))
    return [
        LessonRow.model_validate(
            {name: f[name] for name in LessonRow.model_fields if name != "pair"}
            | {"pair": rows.pair_of(f) if f["pair_instruction"] is not None else None}
        )
        for f in found
    ]


_ALL_LESSON_ROWS = """
SELECT lessons.*, seeds.instruction, episodes.pair_instruction, episodes.pair_response,
  (SELECT pi FROM grades WHERE episode_id = selected_episode_id ORDER BY seq LIMIT 1) AS pi
FROM lessons JOIN seeds ON seeds.id = seed_id LEFT JOIN episodes ON episodes.id = selected_episode_id
WHERE lessons.run_id = ?
"""
_LESSON_ROWS = {
    "all": f"{_ALL_LESSON_ROWS} ORDER BY round, position, lessons.id",
    "first": f"{_ALL_LESSON_ROWS} ORDER BY round, position, lessons.id LIMIT 1",
    "best": f"{_ALL_LESSON_ROWS} AND lessons.status = 'accepted' "
    "ORDER BY coalesce(pi, 0) DESC, round, position, lessons.id LIMIT 1",
}


def run_lessons(db: Database, run_id: str, status: LessonStatus | None = None) -> Iterator[Lesson]:
    """A run's lessons in full, in lesson order, one by one as they are asked for; episodes not yet played are in the
    plan alone. `status` None: all. `run_id` is the whole id: of a run that is not there, there are none."""
    ids = fetch(
        db,
        "SELECT id FROM lessons WHERE run_id = ? AND coalesce(status = ?, 1) ORDER BY round, position, id",
        (run_id, status),
    )
    return (_lesson(db, found["id"]) for found in ids)


def get_lesson(db: Database, lesson_id: str) -> Lesson:
    """The lesson of this id or beginning of an id; UserError where there is none, or several."""
    return _lesson(db, _full_id(db, "lesson", lesson_id, hint="`master-autogen runs show RUN` lists them"))


def get_episode(db: Database, episode_id: str) -> EpisodeView:
    """The episode of this id or beginning of an id, with its lesson; UserError where there is none, or several."""
    found_id = _full_id(db, "episode", episode_id, hint="`master-autogen runs show RUN` lists them")
    with db.atomic():
        (found,) = fetch(db, "SELECT * FROM episodes WHERE id = ?", (found_id,))
        lesson = _lesson(db, found["lesson_id"])
        played = next((episode for episode in lesson.episodes if episode.id == found_id), None)
        return EpisodeView(
            lesson=lesson,
            episode=played or _episode(found, [], []),
            grades=tuple(grade for grade in lesson.grades if grade.episode_id == found_id),
            calls=tuple(episode_calls(db, found_id)),
        )


_LESSON = """
SELECT lessons.*, seeds.instruction, seeds.response, similar.instruction AS similar_instruction,
  similar.response AS similar_response
FROM lessons JOIN seeds ON seeds.id = seed_id LEFT JOIN seeds AS similar ON similar.id = similar_seed_id
WHERE {}
"""


def _lesson(db: Database, lesson_id: str) -> Lesson:
    with db.atomic():
        (found,) = fetch(db, _LESSON.format("lessons.id = ?"), (lesson_id,))
        episodes = fetch(db, "SELECT * FROM episodes WHERE lesson_id = ? ORDER BY slot, id", (lesson_id,))
        of_lesson = "WHERE episode_id IN (SELECT id FROM episodes WHERE lesson_id = ?)"
        turns: dict[str, list[Turn]] = defaultdict(list)
        for turn in fetch(db, f"SELECT * FROM turns {of_lesson} ORDER BY idx", (lesson_id,)):
            turns[turn["episode_id"]].append(rows.turn_of(turn))
        checks: dict[str, list[CheckResult]] = defaultdict(list)
        for check in fetch(db, f"SELECT * FROM checks {of_lesson} ORDER BY seq", (lesson_id,)):
            checks[check["episode_id"]].append(rows.check_of(check))
        grades = fetch(db, f"SELECT * FROM grades {of_lesson} ORDER BY seq", (lesson_id,))
    return Lesson(
        plan=_plan(found, episodes),
        status=found["status"],
        reason=found["reason"],
        selected_episode_id=found["selected_episode_id"],
        episodes=tuple(_episode(e, turns[e["id"]], checks[e["id"]]) for e in episodes if e["played"]),
        grades=tuple(rows.grade_of(grade) for grade in grades),
    )


def _plan(found: dict[str, Any], episodes: Sequence[dict[str, Any]]) -> LessonPlan:
    similar = None
    if found["similar_seed_id"] is not None:
        similar = rows.seed_of(found["similar_instruction"], found["similar_response"], found["similar_seed_facts"])
    return LessonPlan(
        id=found["id"],
        run_id=found["run_id"],
        round=found["round"],
        scenario=found["scenario"],
        seed=rows.seed_of(found["instruction"], found["response"], found["seed_facts"]),
        similar=similar,
        episodes=tuple(rows.planned_episode_of(episode) for episode in episodes),
        random_seed=found["random_seed"],
    )


def _episode(found: dict[str, Any], turns: Sequence[Turn], checks: Sequence[CheckResult]) -> Episode:
    return Episode(
        id=found["id"],
        lesson_id=found["lesson_id"],
        run_id=found["run_id"],
        cast=rows.cast_of(found),
        is_base=found["is_base"],
        status=found["status"],
        reason=found["reason"],
        label=found["label"],
        turns=tuple(turns),
        checks=tuple(checks),
    )


def run_seeds(db: Database, run_id: str) -> list[Seed]:
    """The seeds of a run's lessons, each once, in lesson order; similar questions of analogies are not among them."""
    found = fetch(
        db,
        "SELECT seed_id, seeds.instruction, seeds.response, seed_facts FROM lessons JOIN seeds ON seeds.id = seed_id "
        "WHERE run_id = ? ORDER BY round, position",
        (run_id,),
    )
    first = {row["seed_id"]: row for row in reversed(found)}
    seeds = [rows.seed_of(row["instruction"], row["response"], row["seed_facts"]) for row in first.values()]
    return seeds[::-1]


# --- calls ---


def episode_calls(db: Database, episode_id: str) -> list[Call]:
    """Every attempt on behalf of one episode, in order of time, with the message texts put back."""
    return _calls(db, "episode_id = ?", (episode_id,))


def lesson_calls(db: Database, lesson_id: str) -> list[Call]:
    """Every attempt on behalf of one lesson, its episodes' included, in order of time."""
    return _calls(db, "lesson_id = ?", (lesson_id,))


def _calls(db: Database, where: str, parameters: Sequence[Value]) -> list[Call]:
    columns = ", ".join(Call.model_fields)
    with db.atomic():
        found = fetch(db, f"SELECT {columns} FROM calls WHERE {where} ORDER BY started, seq, id", parameters)
        requests = [json.loads(call["request"]) for call in found]
        refs = sorted({ref for request in requests for ref in rows.refs_of(request)})
        named = fetch(db, "SELECT * FROM texts WHERE hash IN (SELECT value FROM json_each(?))", (json.dumps(refs),))
    texts = {text["hash"]: text["text"] for text in named}
    try:
        return [rows.call_of(call, request, texts) for call, request in zip(found, requests, strict=True)]
    except KeyError as error:
        raise UserError(f"the log {log_path(db)} is damaged: the text {error} of a call is missing") from error


# --- ids ---


def _full_id(db: Database, what: str, wanted: str, *, hint: str) -> str:
    """The one id that is `wanted` or begins with it."""
    found = fetch(
        db,
        f"SELECT id FROM {what}s WHERE id >= ? AND substr(id, 1, length(?)) = ? ORDER BY id LIMIT ?",
        (wanted, wanted, wanted, _CANDIDATES_SHOWN + 1),
    )
    ids = [row["id"] for row in found]
    if not ids:
        raise UserError(f"no {what} {wanted!r} in {log_path(db)}; {hint}")
    if len(ids) > 1 and ids[0] != wanted:
        shown = ", ".join(ids[:_CANDIDATES_SHOWN]) + (", ..." if len(ids) > _CANDIDATES_SHOWN else "")
        raise UserError(f"more than one {what} begins with {wanted!r}: {shown}; give more of the id")
    return str(ids[0])
