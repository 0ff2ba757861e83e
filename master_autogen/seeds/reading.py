"""From a row to a seed, once it is known which column holds what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import isnan
from typing import NamedTuple

from master_autogen.errors import UserError
from master_autogen.records import KINDS, SHORT, Kind, Seed
from master_autogen.seeds.kinds import final_number, kind_and_answer
from master_autogen.seeds.records import Refused
from master_autogen.seeds.shapes import Cells, Preset, Shape, column_names

LONGEST = 100_000
"""Characters of one text of a seed. It is sent again with every turn, and no lesson is as long as that."""

_ABSENT = object()
_HALF_PAIR = re.compile("[\ud800-\udfff]")
_OPTIONS = ("choices", "options")
"""Columns that list what may be chosen; the answer is then one of these, or its place or letter."""
_SIDES = {"instruction": "question", "response": "response"}


class Reading(NamedTuple):
    """How the rows of one source become seeds: the columns of each field, and what holds for all rows. `unasked` are
    the fields that are taken from a column of their own name, which nobody named."""

    columns: Mapping[str, tuple[str, ...]]
    unasked: frozenset[str]
    prepare: Callable[[Cells], Cells]
    kind: Kind | None
    source: str
    licence: str


def reading(name: str, shape: Shape, preset: Preset | None, kind: Kind | None, rows: Sequence[Cells]) -> Reading:
    """How to read rows of this shape. Raises `UserError` if a column is in none of the first `rows`."""
    ready = [cells for row in rows if (cells := _prepared(shape, row)) is not None]
    columns = {field: _parts(column, ready) for field, column in shape.columns.items()}
    for part in (part for parts in columns.values() for part in parts):
        if ready and part not in shape.optional and all(_cell(cells, part) is _ABSENT for cells in ready):
            raise UserError(f"{name} has no column {part!r}; its columns are {', '.join(column_names(rows))}")
    if preset is None:
        return Reading(columns, _unasked(columns, ready), shape.prepare, kind, "", "")
    return Reading(columns, frozenset(), shape.prepare, kind or preset.kind, preset.source, preset.licence)


def _unasked(columns: Mapping[str, tuple[str, ...]], rows: Sequence[Cells]) -> frozenset[str]:
    """`answer` and `kind`, where neither the field nor its column is taken. A `kind` of other words is not ours."""
    taken = {part.partition(".")[0] for parts in columns.values() for part in parts}
    ours = {"answer"}
    if any(_tag(cells, "kind").lower() in KINDS for cells in rows):
        ours.add("kind")
    return frozenset(ours - taken - columns.keys())


def _prepared(shape: Shape, row: Cells) -> Cells | None:
    try:
        return shape.prepare(row)
    except Refused:
        return None  # it is refused, with the reason, when its turn comes


def _parts(column: str, rows: Sequence[Cells]) -> tuple[str, ...]:
    if any(column in row for row in rows):
        return (column,)
    return tuple(part.strip() for part in column.split("+"))


def seed_of(how: Reading, row: Cells, name: str) -> Seed:
    """The seed that this row of the source `name` holds. Raises `Refused` with the reason if it holds none."""
    cells = how.prepare(row)
    texts = {field: _joined(cells, parts) for field, parts in how.columns.items()}
    for field, word in _SIDES.items():
        if not texts[field].strip():
            raise Refused(f"no {word} ({'+'.join(how.columns[field])} is empty)")
    instruction, response = texts["instruction"].strip(), _without_blank_ends(texts["response"])
    own_kind = _kind(_tag(cells, "kind") if "kind" in how.unasked else texts.get("kind", ""))
    chosen = any(cells.get(column) for column in _OPTIONS)
    told = texts.get("answer", "").strip() or ("" if chosen or "answer" not in how.unasked else _short_answer(cells))
    kind, answer = kind_and_answer(instruction, response, own_kind or how.kind, told or None, chosen=chosen)
    source = texts.get("source") or _tag(cells, "source")
    if how.source and how.source not in source:
        source = f"{how.source}, {source}" if source else how.source
    return Seed(
        instruction=instruction,
        response=response,
        answer=answer,
        kind=kind,
        source=source or name,
        licence=texts.get("licence") or _tag(cells, "licence") or _tag(cells, "license") or how.licence,
    )


def _tag(cells: Cells, column: str) -> str:
    """The text under a column that nobody named: taken if it is text, passed over if it is not."""
    try:
        return _text(column, cells.get(column)).strip()
    except Refused:
        return ""


def _short_answer(cells: Cells) -> str:
    """The text under `answer` if it can be a final answer: a few words, or one that ends on a number said to be it."""
    text = _tag(cells, "answer")
    return text if len(text.split()) <= SHORT or final_number(text) else ""


def _kind(text: str) -> Kind | None:
    text = text.strip().lower()
    if not text:
        return None
    if text not in KINDS:
        raise Refused(f"kind {text!r} is none of {', '.join(KINDS)}")
    return text


def _joined(cells: Cells, parts: Sequence[str]) -> str:
    texts = [text for part in parts if (text := _text(part, _cell(cells, part))).strip()]
    return texts[0] if len(texts) == 1 else "\n\n".join(texts)


def _cell(cells: object, column: str) -> object:
    """The value under `column`, or along a path such as `instances.0.input`."""
    if isinstance(cells, dict | Mapping) and column in cells:  # a dict is told to be one much faster
        return cells[column]
    for step in column.split(".") if "." in column else ():
        if isinstance(cells, Mapping) and step in cells:
            cells = cells[step]
        elif isinstance(cells, Sequence) and step.isdecimal() and int(step) < len(cells):
            cells = cells[int(step)]
        else:
            return _ABSENT
    return cells if "." in column else _ABSENT


def _text(column: str, value: object) -> str:
    """The value as text; numbers are spelled out, nothing and not-a-number are empty."""
    if value is None or value is _ABSENT:
        return ""
    if type(value) is str and value.isascii() and len(value) <= LONGEST and "\0" not in value:  # as most are
        return value
    if isinstance(value, float):
        return "" if isnan(value) else str(int(value)) if value.is_integer() else str(value)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Refused(f"column {column!r} holds a {type(value).__name__}, not text")
    text = str(value)
    if len(text) > LONGEST:
        raise Refused(f"column {column!r} holds {len(text):,} characters; a seed's text may have {LONGEST:,}")
    if "\0" in text:
        raise Refused(f"column {column!r} holds a NUL character")
    if not text.isascii() and _HALF_PAIR.search(text):
        raise Refused(f"column {column!r} holds half a surrogate pair, which is no character")
    return text


def _without_blank_ends(text: str) -> str:
    """Without blank lines before and blanks after; the first line keeps its indent, which is meaning in code."""
    lines = text.rstrip().splitlines(keepends=True)
    while lines and not lines[0].strip():
        lines.pop(0)
    return "".join(lines)
