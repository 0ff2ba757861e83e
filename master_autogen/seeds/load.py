"""Load seeds: the bundled set, a local file, a data set on the hub; in this order of looking.

It knows no column names and no formats: `files` and `hub` give rows, `shapes` and `reading` make seeds of them.
"""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from master_autogen.errors import UserError
from master_autogen.records import Kind, Seed
from master_autogen.seeds.files import SUFFIXES, file_rows
from master_autogen.seeds.hub import hub_rows
from master_autogen.seeds.reading import Reading, reading, seed_of
from master_autogen.seeds.records import Refusal, Refused, Row, SeedSet
from master_autogen.seeds.shapes import PRESETS, Cells, Preset, detect, mapped

HEAD = 50
"""How many rows are looked at to tell the columns."""

_BUNDLED = Path(__file__).with_name("bundled.jsonl")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(:[\w.-]+)?")


def bundled() -> SeedSet:
    """The seeds written for this project: 40 word problems with worked solutions, 15 programming, 15 general."""
    return load_seeds("bundled")


def load_seeds(
    source: str,
    *,
    preset: str | None = None,
    columns: Mapping[str, str] | None = None,
    split: str = "train",
    limit: int | None = None,
    kind: Kind | None = None,
) -> SeedSet:
    """The seeds of `source`: "bundled", a file (.jsonl, .json, .csv, .parquet), a preset's name or a hub id.

    `columns` maps fields (instruction, response, answer, kind, source, licence) to columns; without it and `preset`
    the columns are told by their names. Without `preset`, `answer` and `kind` are taken from columns of these names
    that nothing else is taken from. `split` is the hub's. `limit` counts seeds, not rows. `kind` is for rows whose own
    kind is not given. Raises `UserError` if nothing can be loaded; single rows are refused instead.
    """
    if limit is not None and limit < 1:
        raise UserError(f"limit is {limit}: ask for at least 1 seed")
    if source == "bundled":
        if preset or columns or kind:
            raise UserError("the bundled seeds have their columns and kinds: give no preset, columns or kind with them")
        return _collect("bundled", file_rows(_BUNDLED), None, {}, None, limit)
    known = _preset(source, preset)
    return _collect(source, _rows(source, split, limit), known, columns or {}, kind, limit)


def _preset(source: str, name: str | None) -> Preset | None:
    """The preset of this name; without one, that of the data set which `source` names on the hub."""
    if name is not None and name not in PRESETS:
        raise UserError(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")
    if name is None and not os.path.exists(source):
        name = next((key for key, preset in PRESETS.items() if source in (key, preset.hub)), None)
    return PRESETS[name] if name else None


def _rows(source: str, split: str, limit: int | None) -> Iterator[Row]:
    path = Path(source)
    if os.path.exists(source):  # unlike Path.exists it never raises, whatever text is given
        return file_rows(path)
    if source in PRESETS:
        if not PRESETS[source].hub:
            raise UserError(f"preset {source} is read from a file: give the file as seeds and {source} as its preset")
        source = PRESETS[source].hub
    if path.suffix.lower() in SUFFIXES or not _HUB_ID.fullmatch(source):
        raise UserError(
            f"no file {source}; seeds are 'bundled', a file ({', '.join(SUFFIXES)}), a preset ({', '.join(PRESETS)}) "
            "or a data set on the Hugging Face hub (owner/name)"
        )
    return hub_rows(source, split, streaming=limit is not None)


def _collect(
    name: str,
    rows: Iterator[Row],
    preset: Preset | None,
    columns: Mapping[str, str],
    kind: Kind | None,
    limit: int | None,
) -> SeedSet:
    label = _file_label(name) if os.path.exists(name) else name
    head = _head(rows)
    how = _reading(name, [row.cells for row in head if not row.why], preset, columns, kind)
    seeds: dict[str, Seed] = {}
    refused: list[Refusal] = []
    duplicates = 0
    with _uncollected():
        for row in chain(head, rows):
            try:
                seed = _seed(how, row, label)
            except Refused as refusal:
                refused.append(Refusal(where=f"{name}:{row.line}", why=str(refusal)))
                continue
            duplicates += seed.id in seeds
            seeds.setdefault(seed.id, seed)
            if len(seeds) == limit:
                break
    if not seeds:
        raise UserError(_nothing(name, refused))
    return SeedSet(seeds=tuple(seeds.values()), source=name, duplicates=duplicates, refused=tuple(refused))


def _file_label(name: str) -> str:
    """A file's name as it may stand in an export: without its folder, which is nobody's business, and in Unicode."""
    return os.fsencode(Path(name).name).decode("utf-8", "replace")


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nobody looks for garbage: of a large set all stays, and going through it again and again takes a fifth of the
    time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _head(rows: Iterable[Row]) -> list[Row]:
    """The first rows, up to `HEAD` that can be read."""
    head: list[Row] = []
    readable = 0
    for row in rows:
        head.append(row)
        readable += not row.why
        if readable == HEAD:
            break
    return head


def _reading(
    name: str, rows: list[Cells], preset: Preset | None, columns: Mapping[str, str], kind: Kind | None
) -> Reading | None:
    """How to read rows like these; None if there are none."""
    shape = preset.shape if preset else None
    if columns:
        shape = mapped(shape, columns)
    if not rows:
        return None
    return reading(name, shape or detect(name, rows), preset, kind, rows)


def _seed(how: Reading | None, row: Row, name: str) -> Seed:
    if row.why or how is None:
        raise Refused(row.why)
    return seed_of(how, row.cells, name)


def _nothing(name: str, refused: list[Refusal]) -> str:
    if not refused:
        return f"{name} holds no rows: it needs one seed a row"
    first = refused[0]
    rows = "its one row" if len(refused) == 1 else f"all of its {len(refused)} rows"
    return f"{name} gives no seed: {rows} refused; the first at {first.where}: {first.why}"
