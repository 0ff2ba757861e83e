"""The memory bank's rows: what is still to be stored, and what a round may know. Searching is `memory_bank`'s.

A bank is a function of the log: `bank_owed` names the candidates of ended rounds that are not stored yet, whatever
ended the run in between, and `read_bank` gives a round what the rounds before it have shown, in lesson order.

owed = bank_owed(db, run_id, before=2, embedder=embedder.name)
log.record_bank(owed, embedder.name, embedder.embed([candidate.instruction for candidate in owed]))
bank = MemoryBank(read_bank(db, run_id, "debate", embedder=embedder.name, before=2))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from master_autogen.log.rows import pair_of
from master_autogen.log.sql import Insert, Row, fetch, row
from master_autogen.memory_bank import Entry
from master_autogen.records import Pair


@dataclass(frozen=True)
class Candidate:
    """A candidate with what it earned its pair: 0 to 1, 0 for a loss."""

    lesson_id: str
    slot: int
    instruction: str
    pair: Pair
    pi: float


def bank_owed(db: Database, run_id: str, *, before: int, since: int = 1, embedder: str) -> list[Candidate]:
    """The candidates of the rounds from `since` to the one before `before`, all of them ended, that earned something or
    lost, and are not in the bank with a vector of `embedder`; in lesson order, clipped to [0, 1] (the paper's literal
    normaliser gives what lies outside). Whose work failed or could not be graded is no evidence and is left out."""
    return [
        Candidate(f["lesson_id"], f["slot"], f["instruction"], pair_of(f), min(max(f["earned"], 0.0), 1.0))
        for f in fetch(db, _OWED, (run_id, since, before, embedder))
    ]


_OWED = """
SELECT e.lesson_id, slot, seeds.instruction, pair_instruction, pair_response, earned
FROM lessons CROSS JOIN episodes AS e ON e.lesson_id = lessons.id CROSS JOIN seeds ON seeds.id = seed_id
WHERE lessons.run_id = ? AND round >= ? AND round < ? AND earned IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM memory_bank AS bank INDEXED BY memory_bank_stored
  WHERE bank.lesson_id = e.lesson_id AND bank.slot = e.slot AND embedder = ?)
ORDER BY round, position, lessons.id, slot
"""


MEMORY_BANK = Insert(
    "memory_bank",
    ("lesson_id", "slot", "instruction", "embedder", "vector", "pair_instruction", "pair_response", "pi"),
    or_else="OR REPLACE",
)


def bank_rows(candidates: Sequence[Candidate], embedder: str, vectors: NDArray[np.float32]) -> list[Row]:
    """One row a candidate. The candidates of a lesson have one instruction: the first carries its vector, and the
    others' are empty."""
    made: list[Row] = []
    before = ""
    for found, vector in zip(candidates, vectors, strict=True):
        stored = b"" if found.lesson_id == before else vector.astype("<f2").tobytes()
        start = (found.lesson_id, found.slot, found.instruction, embedder, stored)
        made.append(row(*start, found.pair.instruction, found.pair.response, found.pi))
        before = found.lesson_id
    return made


def read_bank(
    db: Database, run_id: str, scenario: str, *, embedder: str, before: int | None = None, since: int = 1
) -> Iterator[Entry]:
    """What a run's rounds from `since` to the one before `before` (all that follow with None) have shown in a
    scenario, for `MemoryBank`.

    Rows of another embedder are left out: its vectors mean something else. `bank_owed` names them, and stored anew
    they count again.
    """
    pairs: dict[tuple[str, str], Pair] = {}
    for instruction, vector, *names, pi in db.execute(_ENTRIES, (run_id, scenario, embedder, before, since)):
        key = (names[0], names[1])
        if key not in pairs:
            pairs[key] = Pair(instruction=names[0], response=names[1])
        yield Entry(instruction, vector, pairs[key], pi)


_ENTRIES = """
SELECT bank.instruction, vector, pair_instruction, pair_response, pi
FROM lessons CROSS JOIN memory_bank AS bank ON lesson_id = lessons.id
WHERE run_id = ?1 AND scenario = ?2 AND embedder = ?3 AND (?4 IS NULL OR round < ?4) AND round >= ?5
ORDER BY round, position, lessons.id, slot
"""
