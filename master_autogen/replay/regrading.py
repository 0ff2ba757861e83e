"""Grade a stored lesson once more, by another judge or other scorers; the earlier grades stay and go on to count."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from master_autogen.classroom.stage import Stage
from master_autogen.engines.anywhere import run_anywhere
from master_autogen.errors import UserError
from master_autogen.grading.quality import Rubric
from master_autogen.lesson import regrade_lesson
from master_autogen.log import LogWriter, get_run, open_log
from master_autogen.models.providers import build_clients
from master_autogen.pool import Pool
from master_autogen.records import Grade, Lesson, Record
from master_autogen.replay.reading import find
from master_autogen.scenario import Scenario, read_scenario


class Regraded(Record):
    """The grades of a lesson, `lesson_id`, from `before` and those that were `added`, each by episode in the lesson's
    order."""

    lesson_id: str
    before: tuple[Grade, ...]
    added: tuple[Grade, ...]


def regrade(
    log_path: Path, wanted: str, pool: Pool, rubric: Rubric | None, *, environ: Mapping[str, str] = os.environ
) -> Regraded:
    """Grade the lesson of the episode `wanted` (as for `replay`) by the judges and scorers of `pool`, and log it.

    `rubric` None: the verifier judges. Selection, exports and rewards go by an episode's first grade, which stays.
    UserError where there is no such episode, the lesson is not played to its end, or a run is writing the log.
    """
    db = open_log(log_path, readonly=True)
    try:
        lesson = find(db, wanted).lesson
        if lesson.status not in ("accepted", "rejected"):
            raise UserError(f"lesson {lesson.plan.id} is {lesson.status}: there is nothing whole to grade")
        texts = get_run(db, lesson.plan.run_id).config.get("scenario_texts", {})
    finally:
        db.close()
    name = lesson.plan.scenario
    scenario = Scenario.model_validate(texts[name]) if name in texts else read_scenario(name)
    with LogWriter(log_path) as log:
        clients = build_clients(pool, environ=environ)
        stage = Stage(scenario, pool, clients, log.put_call, rubric=rubric, grader=_grader(pool, rubric))
        added = run_anywhere(_regrade(stage, lesson))
        log.add_grades(lesson.plan.id, added)
    return Regraded(lesson_id=lesson.plan.id, before=lesson.grades, added=tuple(added))


async def _regrade(stage: Stage, lesson: Lesson) -> list[Grade]:
    try:
        return await regrade_lesson(stage, lesson)
    finally:
        await stage.clients.close()


def _grader(pool: Pool, rubric: Rubric | None) -> str:
    """What tells one evaluator pair from another of the same names: a hash of its settings."""
    names = [pool.agents[judge].model for judge in pool.judges]
    scorers = [model for model in (pool.scorers.small, pool.scorers.large) if model]
    document = {
        "judges": [pool.agents[judge].model_dump(mode="json") for judge in pool.judges],
        "models": [pool.models[model].model_dump(mode="json") for model in (*names, *scorers)],
        "rubric": rubric.model_dump(mode="json") if rubric else None,
    }
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:6]
