"""Export a run: its accepted lessons in lesson order as rows, or counted among the refused with the reason."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

from pydantic import Field

from master_autogen.draws import unit
from master_autogen.errors import UserError
from master_autogen.export.card import Facts, card
from master_autogen.export.earlier import check_free, earlier_sets, marked, remove
from master_autogen.export.files import (
    DATASET_INFO,
    check_folder,
    check_target,
    with_entries,
    without_entries,
)
from master_autogen.export.fit import fitted, tokens
from master_autogen.export.formats import FORMATS, Format, wrong_turn_of
from master_autogen.export.originals import original
from master_autogen.export.places import Split, file_places, folder_places
from master_autogen.export.sample import Refused, Sample, WrongTurn, make_sample
from master_autogen.export.writers import JsonLines, Parquet, Writer
from master_autogen.files import replacing
from master_autogen.log import Database, RunView, get_lesson, get_run, run_lessons, run_marks, run_seeds
from master_autogen.records import Lesson, Record, Seed
from master_autogen.scenario import Scenario, read_scenario
from master_autogen.yaml_files import names


class Options(Record):
    """How samples are made and shared out. `wrong_turn` None: the format's own. `max_tokens` bounds a row. `test_share`
    of the questions go to a test set. `original`: tokens of original pairs joined to the training set, as a multiple of
    the lessons' own."""

    wrong_turn: WrongTurn | None = None
    max_tokens: int | None = Field(None, ge=1)
    test_share: float = Field(0.0, ge=0, lt=1)
    original: float = Field(0.0, ge=0)


class ExportResult(Record):
    """What came of an export: `lessons` lessons are `rows` rows, `test_rows` of them in the test set, but for those
    `refused`, counted by reason, and `parted` rows more where lessons were cut in two. `lesson_tokens` are those of the
    training set; `original_rows` pairs of `original_tokens` tokens stand beside them. `also` are the files written
    beside `path`, `removed` those of an earlier export to it whose place nothing took."""

    rows: int
    refused: Mapping[str, int]
    path: Path
    also: tuple[Path, ...]
    lessons: int
    removed: tuple[Path, ...] = ()
    parted: int = 0
    test_rows: int = 0
    original_rows: int = 0
    original_tokens: int = 0
    lesson_tokens: int = 0


def export(db: Database, run_id: str | None, format: str, to: Path, options: Options | None = None) -> ExportResult:
    """Write the samples of a run (None: the latest) to `to`, a file of JSON lines or a folder as the format has it,
    with a dataset card; the same log gives the same bytes.

    A set that an earlier export left there, and this one has not, is removed. Raises `UserError` for an unknown format
    or run, for what the format cannot express, for a place where no file can be or where a person's lies, and where
    there is nothing to write or to train on; then nothing is changed.
    """
    options = options or Options()
    chosen, wrong_turn = _format(format, options)
    (check_folder if chosen.folder else check_target)(to)
    places = folder_places(to) if chosen.folder else file_places(to)
    earlier = earlier_sets(places)
    if options.test_share and "test" not in earlier:
        check_free(places.sets["test"], to)
    run = get_run(db, run_id)
    exporter = _Exporter(db, run, options, wrong_turn)
    info_path = places.folder / DATASET_INFO
    with ExitStack() as stack:  # all are written in full before any takes its place
        card_file = stack.enter_context(replacing(places.card))
        info_file = stack.enter_context(replacing(info_path, empty=False))
        splits: tuple[Split, ...] = ("train", "test") if options.test_share else ("train",)
        exporter.write({split: stack.enter_context(_writer(chosen, places.sets[split])) for split in splits})
        written = [split for split in splits if exporter.rows[split]]
        if "train" not in written:
            raise _nothing(run, exporter)
        gone = [places.sets[split] for split in sorted(earlier.difference(written))]
        info_file.write(_info(info_path, chosen, [places.sets[split] for split in written], gone))
        also = [places.sets[split] for split in written if split == "test" or chosen.folder]
        if chosen.dataset_info is not None:
            also.insert(0, info_path)
        result = exporter.result(to, also=(*also, places.card), removed=gone)
        data_files = [places.data_file(split) for split in written]
        facts = Facts(run, format, chosen, wrong_turn, options, result, data_files, exporter.sources, exporter.made_by)
        card_file.write(marked(card(facts)))
    for path in result.removed:
        remove(path)
    return result


def _format(name: str, options: Options) -> tuple[Format, WrongTurn]:
    """The format and what becomes of wrong turns in it. Raises `UserError` for what it cannot express."""
    if name not in FORMATS:
        raise UserError(f"no format {name!r}; there are: {', '.join(FORMATS)}")
    if options.original and not FORMATS[name].originals:
        others = ", ".join(other for other, format in FORMATS.items() if format.originals)
        raise UserError(
            f"format {name} cannot express --mix: no wrong answer stands in an original pair; "
            f"the formats that can: {others}"
        )
    return FORMATS[name], wrong_turn_of(name, options.wrong_turn)


def _info(path: Path, chosen: Format, files: Sequence[Path], gone: Sequence[Path]) -> bytes:
    """What LLaMA-Factory's list at `path` is to say; nothing where it stays as it is."""
    if chosen.folder:
        return b""
    if chosen.dataset_info is None:
        return without_entries(path, [*files, *gone])
    return with_entries(path, files, gone, chosen.dataset_info)


def _writer(chosen: Format, path: Path) -> AbstractContextManager[Writer]:
    return Parquet(path, chosen.row) if chosen.folder else JsonLines(path, chosen.row)


class _Exporter:
    """One export as it goes: what was written, by split, and what was not."""

    def __init__(self, db: Database, run: RunView, options: Options, wrong_turn: WrongTurn) -> None:
        self.rows: Counter[Split] = Counter()
        self.tokens: Counter[Split] = Counter()
        self.refused: Counter[str] = Counter()
        self.sources: Counter[tuple[str, str]] = Counter()
        self.made_by: Counter[str] = Counter()
        self.lessons = self.parted = self.original_rows = self.original_tokens = 0
        self._db = db
        self._run = run
        self._options = options
        self._wrong_turn = wrong_turn
        self._scenarios: dict[str, Scenario] = {}

    def write(self, writers: Mapping[Split, Writer]) -> None:
        for lesson in self._chosen():
            self.lessons += 1
            try:
                split = self._split(lesson)
                parts = fitted(self._sample(lesson), self._options.max_tokens)
                rows = [writers[split].row(part) for part in parts]
            except Refused as reason:
                self.refused[str(reason)] += 1
                continue
            for part, row in zip(parts, rows, strict=True):
                writers[split].write(row)
                self.tokens[split] += tokens(part)
                self.made_by.update(part.made_by)
            self.rows[split] += len(rows)
            self.parted += len(rows) - 1
            seed = lesson.plan.seed
            self.sources[(seed.source, seed.licence)] += 1
        if self._options.original:
            self._add_originals(writers["train"])
        for writer in writers.values():
            writer.finish()

    def result(self, to: Path, also: Sequence[Path], removed: Sequence[Path]) -> ExportResult:
        return ExportResult(
            rows=self.rows.total(),
            refused=dict(self.refused),
            path=to,
            also=tuple(also),
            removed=tuple(path for path in removed if os.path.lexists(path)),
            lessons=self.lessons,
            parted=self.parted,
            test_rows=self.rows["test"],
            original_rows=self.original_rows,
            original_tokens=self.original_tokens,
            lesson_tokens=self.tokens["train"],
        )

    def _chosen(self) -> Iterator[Lesson]:
        """Accepted lessons with their selected episodes, and those where a person chose another."""
        marks = run_marks(self._db, self._run.id)
        accepted = {m.lesson_id: m.episode_id for m in reversed(list(marks.values())) if m.mark == "accept"}
        for lesson in run_lessons(self._db, self._run.id, "accepted"):
            taken = accepted.pop(lesson.plan.id, None)
            if taken is not None:
                yield lesson.model_copy(update={"selected_episode_id": taken})
                continue
            mark = marks.get(lesson.selected_episode_id or "")
            if mark is not None and mark.mark == "reject":
                self.lessons += 1
                self.refused["a person rejected it"] += 1
                continue
            yield lesson
        for lesson_id, taken in accepted.items():  # lessons that were not accepted otherwise
            yield get_lesson(self._db, lesson_id).model_copy(update={"selected_episode_id": taken})

    def _sample(self, lesson: Lesson) -> Sample:
        name = lesson.plan.scenario
        if name not in self._scenarios:
            played: Mapping[str, Any] = self._run.config.get("scenario_texts", {})
            self._scenarios[name] = Scenario.model_validate(played[name]) if name in played else _read(name)
        return make_sample(lesson, self._scenarios[name], self._wrong_turn)

    def _split(self, lesson: Lesson) -> Split:
        """Raises `Refused` for an analogy between the two sets: no question may be in both."""
        plan = lesson.plan
        split = self._side(plan.seed)
        if plan.similar is not None and self._side(plan.similar) != split:
            raise Refused("one of its two questions is in the training set, the other in the test set")
        return split

    def _side(self, seed: Seed) -> Split:
        """By the question alone, so that it is the same in every export, for every scenario and for each of the
        answers that a question has."""
        question = unicodedata.normalize("NFC", seed.instruction).encode("utf-8", "backslashreplace").decode()
        return "test" if unit("test split", question) < self._options.test_share else "train"

    def _add_originals(self, train: Writer) -> None:
        """Original pairs until their tokens are as many as asked for, or there are no more; one that would take them
        further from that is passed over, for a shorter one may come."""
        wanted = self._options.original * self.tokens["train"]
        for seed in run_seeds(self._db, self._run.id):
            if self._side(seed) == "test":
                continue
            try:
                sample = original(seed)
            except Refused:
                continue
            size = tokens(sample)
            if size > (self._options.max_tokens or size) or self.original_tokens + size / 2 > wanted:
                continue
            train.write(train.row(sample))
            self.original_rows += 1
            self.original_tokens += size


def _read(name: str) -> Scenario:
    """The scenario as it is now, for a log that does not hold it as it was played. Raises `Refused` where there is
    none, `UserError` where its file is faulty."""
    if name not in names(""):
        raise Refused(f"there is no {name}.yaml in ./scenarios/ or among the shipped scenarios")
    return read_scenario(name)


def _nothing(run: RunView, exporter: _Exporter) -> UserError:
    if tests := exporter.rows["test"]:
        return UserError(
            f"no row of run {run.id} is left to train on: the test set would have {tests}; give a smaller --test-share"
        )
    if exporter.refused:
        why = "; ".join(f"{reason} ({count})" for reason, count in exporter.refused.items())
        return UserError(f"no accepted lesson of run {run.id} can be exported: {why}")
    counts = ", ".join(f"{count} {status}" for status, count in run.lessons.items()) or "it has no lessons"
    return UserError(
        f"run {run.id} has no accepted lesson to export ({counts}); `master-autogen runs show {run.id}` says why"
    )
