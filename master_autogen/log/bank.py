"""The memory bank's rows: what is still to be stored, and what a round may know. Searching is `memory_bank`'s.

A bank is a function of the log: `bank_owed` names the candidates of ended rounds that are not stored yet, whatever
ended the run in between, and `read_bank` gives a round what the rounds before it have shown, in lesson order.

owed = bank_owed(db, run_id, rounds=[1], embedder=embedder.name)
log.record_bank(owed, embedder.name, embedder.embed([candidate.instruction for candidate in owed]))
bank = read_bank(db, run_id, "debate", embedder=embedder.name, before_round=2)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlite_utils import Database

from master_autogen.log.sql import Insert, Row, fetch, row
from master_autogen.log.tally import round_rewards
from master_autogen.memory_bank import Entry, MemoryBank
from master_autogen.records import Pair


@dataclass(frozen=True)
class Candidate:
    """A candidate with what it earned its pair: 0 to 1, 0 for a loss."""

    lesson_id: str
    slot: int
    instruction: str
    pair: Pair
    pi: float


def bank_owed(db: Database, run_id: str, *, rounds: Iterable[int], embedder: str) -> list[Candidate]:
    """The candidates of these ended rounds that earned something or lost, and are not in the bank with a vector of
    `embedder`; in lesson order, clipped to [0, 1] (the paper's literal normaliser gives what lies outside). Whose
    work failed or could not be graded is no evidence and is left out."""
    owed: list[Candidate] = []
    for number in rounds:
        instructions = {f["id"]: f["instruction"] for f in fetch(db, _INSTRUCTIONS, (run_id, number))}
        stored = {(f["lesson_id"], f["slot"]) for f in fetch(db, _STORED, (run_id, number, embedder))}
        owed += [
            Candidate(r.lesson_id, r.slot, instructions[r.lesson_id], r.pair, min(max(r.reward, 0.0), 1.0))
            for r in round_rewards(db, run_id, number)
            if (r.lesson_id, r.slot) not in stored
        ]
    return owed


_INSTRUCTIONS = """
SELECT lessons.id, seeds.instruction FROM lessons JOIN seeds ON seeds.id = seed_id
WHERE lessons.run_id = ? AND round = ?
"""
_STORED = """
SELECT lesson_id, slot FROM lessons JOIN memory_bank ON lesson_id = lessons.id
WHERE lessons.run_id = ? AND round = ? AND embedder = ?
"""


MEMORY_BANK = Insert(
    "memory_bank",
    ("lesson_id", "slot", "instruction", "embedder", "vector", "pair_instruction", "pair_response", "pi"),
    or_else="OR REPLACE",
)


def bank_row(candidate: Candidate, embedder: str, vector: NDArray[np.float32]) -> Row:
    start = (candidate.lesson_id, candidate.slot, candidate.instruction, embedder, vector.astype("<f2").tobytes())
    return row(*start, candidate.pair.instruction, candidate.pair.response, candidate.pi)


def read_bank(
    db: Database, run_id: str, scenario: str, *, embedder: str, before_round: int | None = None
) -> MemoryBank:
    """What a run's rounds before this one (all of them with None) have shown in a scenario, searchable.

    Rows of another embedder are left out: its vectors mean something else. `bank_owed` names them, and stored anew
    they count again.
    """
    return MemoryBank(_entries(db, run_id, scenario, embedder, before_round))


def _entries(db: Database, run_id: str, scenario: str, embedder: str, before_round: int | None) -> Iterator[Entry]:
    pairs: dict[tuple[str, str], Pair] = {}
    for instruction, vector, *names, pi in db.execute(_ENTRIES, (run_id, scenario, embedder, before_round)):
        key = (names[0], names[1])
        if key not in pairs:
            pairs[key] = Pair(instruction=names[0], response=names[1])
        yield Entry(instruction, vector, pairs[key], pi)


_ENTRIES = """
SELECT bank.instruction, vector, pair_instruction, pair_response, pi
FROM lessons JOIN memory_bank AS bank ON lesson_id = lessons.id
WHERE run_id = ?1 AND scenario = ?2 AND embedder = ?3 AND (?4 IS NULL OR round < ?4)
ORDER BY round, position, lessons.id, slot
"""
