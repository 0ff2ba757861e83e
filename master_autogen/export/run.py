"""Export a run: its accepted lessons in lesson order, one row each, or counted among the refused with the reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from master_autogen.errors import UserError
from master_autogen.export.files import DATASET_INFO, check_target, json_line, replacing, with_entry
from master_autogen.export.formats import FORMATS, Format
from master_autogen.export.sample import Refused, make_sample
from master_autogen.log import Database, RunView, get_run, run_lessons
from master_autogen.records import Lesson, Record
from master_autogen.scenario import Scenario, read_scenario
from master_autogen.yaml_files import names


class ExportResult(Record):
    """What came of an export: `lessons` accepted lessons are `rows` rows in `path` and the `refused`, counted by
    reason. `also` are the files written beside it."""

    rows: int
    refused: Mapping[str, int]
    path: Path
    also: tuple[Path, ...]
    lessons: int


def export(db: Database, run_id: str | None, format: str, to: Path) -> ExportResult:
    """Write the samples of a run (None: the latest) to `to`, one JSON line each; the same log gives the same bytes.

    Raises `UserError` for an unknown format or run, a place where no file can be, and where there is nothing to write;
    then nothing is changed.
    """
    if format not in FORMATS:
        raise UserError(f"no format {format!r}; there are: {', '.join(FORMATS)}")
    check_target(to)
    run = get_run(db, run_id)
    if not run.lessons.get("accepted"):
        raise _nothing_accepted(run)
    chosen = FORMATS[format]
    also: tuple[Path, ...] = ()
    with ExitStack() as files:  # both are written in full before either takes its place
        if chosen.dataset_info is not None:
            also = (to.with_name(DATASET_INFO),)
            info = with_entry(also[0], to, chosen.dataset_info)
            files.enter_context(replacing(also[0])).write(info)
        file = files.enter_context(replacing(to))
        rows, refused = _write(file, run_lessons(db, run.id, "accepted"), chosen, run.config.get("scenario_texts", {}))
        if not rows:
            why = "; ".join(f"{reason} ({count})" for reason, count in refused.items())
            raise UserError(f"no accepted lesson of run {run.id} can be exported: {why}")
    return ExportResult(rows=rows, refused=dict(refused), path=to, also=also, lessons=rows + refused.total())


def _write(
    file: BinaryIO, lessons: Iterable[Lesson], chosen: Format, played: Mapping[str, Any]
) -> tuple[int, Counter[str]]:
    scenarios: dict[str, Scenario] = {}
    rows = 0
    refused: Counter[str] = Counter()
    for lesson in lessons:
        name = lesson.plan.scenario
        try:
            if name not in scenarios:
                scenarios[name] = Scenario.model_validate(played[name]) if name in played else _read(name)
            sample = make_sample(lesson, scenarios[name])
        except Refused as reason:
            refused[str(reason)] += 1
            continue
        file.write(json_line(chosen.row(sample)))
        rows += 1
    return rows, refused


def _read(name: str) -> Scenario:
    """The scenario as it is now, for a log that does not hold it as it was played. Raises `Refused` where there is
    none, `UserError` where its file is faulty."""
    if name not in names(""):
        raise Refused(f"there is no {name}.yaml in ./scenarios/ or among the shipped scenarios")
    return read_scenario(name)


def _nothing_accepted(run: RunView) -> UserError:
    counts = ", ".join(f"{count} {status}" for status, count in run.lessons.items()) or "it has no lessons"
    return UserError(
        f"run {run.id} has no accepted lesson to export ({counts}); `master-autogen runs show {run.id}` says why"
    )
