"""A run as one HTML page that opens offline: its numbers, plots of its selection, and lessons to be read.

report(db, None, Path("outputs/report.html"))  # the latest run

Nothing on the page comes from elsewhere, and a policy in its head lets no script run but its own. Lessons are read and
written one by one.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2

from master_autogen.errors import UserError
from master_autogen.files import check_writable, replacing
from master_autogen.log import (
    Database,
    RunView,
    get_lesson,
    get_run,
    lesson_calls,
    lesson_keys,
    lesson_totals,
    run_marks,
)
from master_autogen.records import Record
from master_autogen.report.chosen import FEWEST, MOST, choose
from master_autogen.report.figures import figures
from master_autogen.report.lesson import lesson_json, list_entry
from master_autogen.report.words import script_json, visible

_CHUNK = 64 * 1024


class ReportResult(Record):
    """What was written: the numbers are of all `lessons`, `shown` of them can be read on the page of `size` bytes."""

    path: Path
    run_id: str
    lessons: int
    shown: int
    size: int


def report(db: Database, run_id: str | None, to: Path, *, most: int = MOST) -> ReportResult:
    """Write a run (None: the latest) to `to` as one HTML file with at most `most` lessons in full.

    Raises `UserError` for an unknown run, for one without lessons, and for a place where no file can be; then nothing
    is changed.
    """
    check_writable(to)
    if to.suffix.lower() not in (".html", ".htm"):
        raise UserError(
            f"{to}: a report is a web page; name a file that ends in .html, such as {to.with_suffix('.html')}"
        )
    with db.atomic():  # one snapshot, whatever a run writes meanwhile
        run = get_run(db, run_id)
        if not run.lessons:
            raise UserError(f"run {run.id} has no lessons yet; there is nothing to report")
        lessons = _Lessons(db, run, most)
        size = 0
        with replacing(to) as file:
            for part in _parts(db, run, lessons):
                size += file.write(part)
    return ReportResult(path=to, run_id=run.id, lessons=lessons.all, shown=len(lessons.index), size=size)


class _Lessons:
    """The lessons to show, as JSON, in lesson order; `index` grows as they are read."""

    def __init__(self, db: Database, run: RunView, most: int) -> None:
        self.index: list[dict[str, Any]] = []
        self._db = db
        self._run = run
        statuses = lesson_totals(db, run.id).statuses
        sizes = {(scenario, str(status)): n for scenario, by in statuses.items() for status, n in by.items()}
        self.all = sum(sizes.values())
        self._chosen = choose(lesson_keys(db, run.id), sizes, most)
        self._marks = run_marks(db, run.id)

    @property
    def told(self) -> str:
        """What is shown, and by which rule it was chosen."""
        if len(self._chosen) == self.all:
            return f"All {self.all:,} lessons of the run." if self.all > 1 else "The one lesson of the run."
        return (
            f"{len(self._chosen):,} of {self.all:,} lessons: of each scenario and status {FEWEST} or all there are, "
            "the rest in proportion, chosen by the hashes of their ids. The numbers above are of all lessons."
        )

    def __iter__(self) -> Iterator[str]:
        for key in lesson_keys(self._db, self._run.id):
            if key.id in self._chosen:
                lesson = get_lesson(self._db, key.id)
                self.index.append(list_entry(lesson))
                yield script_json(lesson_json(lesson, lesson_calls(self._db, key.id), self._run.config, self._marks))


def _parts(db: Database, run: RunView, lessons: _Lessons) -> Iterator[bytes]:
    script, style = _packaged("page.js"), _packaged("page.css")
    found = figures(db, run)
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    stream = environment.from_string(_packaged("page.html.jinja")).generate(
        run=run,
        facts=found.facts,
        large=found.large,
        sections=found.sections,
        lessons=lessons,
        index=lambda: script_json(lessons.index),  # called once the lessons are written
        shown_told=lessons.told,
        script=script,
        style=style,
        script_hash=_csp_hash(script),
        style_hash=_csp_hash(style),
    )
    waiting: list[str] = []
    size = 0
    for part in stream:
        waiting.append(part)
        size += len(part)
        if size >= _CHUNK:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join(waiting).encode()


def _shown(value: Any) -> Any:
    """Texts with what nobody could see named; what the template declared safe stays."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def _packaged(name: str) -> str:
    return (files("master_autogen.report") / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    """The hash by which a content security policy knows an inline script or style."""
    return "sha256-" + b64encode(hashlib.sha256(text.encode()).digest()).decode()
