"""What comes back from loading: the seeds, and what was left out with the reason why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from master_autogen.records import Record, Seed


class Refusal(Record):
    """A row that cannot be a seed; `where` is `seeds.jsonl:17` (a line of a text file, else a row, from 1)."""

    where: str
    why: str


class SeedSet(Record):
    """The `seeds` of one `source` in its order; `duplicates` counts the rows skipped because their seed was there,
    `refused` the rows that cannot be seeds, each with its reason."""

    seeds: tuple[Seed, ...]
    source: str
    duplicates: int = 0
    refused: tuple[Refusal, ...] = ()


class Row(NamedTuple):
    """One row as it was read; `line` counts from 1. `why` is set, and `cells` empty, where it could not be read."""

    line: int
    cells: Mapping[str, object]
    why: str = ""


class Refused(Exception):
    """This row cannot be a seed; the text says why. It never leaves this room."""
