"""The memory bank: nearness is exact, losses count, one lucky win does not dominate, and the log gives it back."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlite_utils import Database

from master_autogen.embedding import HashingEmbedder
from master_autogen.log import Candidate, LogWriter, bank_owed, open_log, read_bank
from master_autogen.log.migrations import MIGRATIONS
from master_autogen.memory_bank import Entry, MemoryBank, Neighbour
from master_autogen.records import Pair
from tests.test_log_rows import OTHER, PAIR, RUN, episode, grade, lesson, plan, planned_log

A, B, C = (Pair(instruction="teacher", response=name) for name in "abc")
EVEN = [1 / 3] * 3


def stored(vector: object) -> bytes:
    return np.asarray(vector, dtype="<f2").tobytes()


def unit(rows: int, dimensions: int, seed: int) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).standard_normal((rows, dimensions)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def bank_of(*earned: tuple[Pair, float], cosine: float = 1.0) -> tuple[MemoryBank, list[Neighbour]]:
    """A bank where each of these was earned on an instruction of its own, and all of them as neighbours."""
    entries = [Entry(f"Task {i}", stored([1.0, 0.0]), pair, pi) for i, (pair, pi) in enumerate(earned)]
    return MemoryBank(entries), [Neighbour(i, cosine) for i in range(len(earned))]


# --- nearest ---


def test_the_nearest_are_those_of_brute_force() -> None:
    vectors, queries = unit(1300, 96, seed=1), unit(40, 96, seed=2)
    bank = MemoryBank(Entry(f"Task {i}", stored(v), A, 0.5) for i, v in enumerate(vectors))
    cosines = queries.astype(np.float64) @ vectors.astype(np.float16).astype(np.float64).T
    found = bank.nearest(queries, 7)
    assert [[near.number for near in row] for row in found] == np.argsort(-cosines, axis=1)[:, :7].tolist()
    assert [[near.cosine for near in row] for row in found] == pytest.approx(-np.sort(-cosines)[:, :7], abs=1e-4)


def test_company_does_not_matter() -> None:
    vectors, queries = unit(600, 96, seed=3), unit(20, 96, seed=4)
    bank = MemoryBank(Entry(f"Task {i}", stored(v), A, 0.5) for i, v in enumerate(vectors))
    assert bank.nearest(queries) == [bank.nearest(query[None, :])[0] for query in queries]


def test_of_equals_the_first_stored_comes_first() -> None:
    vectors = [[1.0, 0.0], [0.6, 0.8], [0.6, 0.8], [0.8, 0.6]] + [[0.6, 0.8]] * 600
    bank = MemoryBank(Entry(f"Task {i}", stored(v), A, 0.5) for i, v in enumerate(vectors))
    [found] = bank.nearest([[1.0, 0.0]], 4)
    assert [near.number for near in found] == [0, 3, 1, 2]
    assert [near.cosine for near in found] == pytest.approx([1.0, 0.8, 0.6, 0.6], abs=1e-3)


def test_what_is_not_similar_at_all_is_no_neighbour() -> None:
    vectors = [[0.0, 1.0], [-1.0, 0.0], [0.0, 0.0], [0.1, 0.99]]
    bank = MemoryBank(Entry(f"Task {i}", stored(v), A, 0.5) for i, v in enumerate(vectors))
    assert [[near.number for near in row] for row in bank.nearest([[1.0, 0.0], [0.0, 0.0]], 4)] == [[3], []]


def test_an_instruction_is_one_neighbour_however_often_it_was_played() -> None:
    east, north = stored([1.0, 0.0]), stored([0.0, 1.0])
    bank = MemoryBank(
        [
            Entry("East?", east, A, 1.0),
            Entry("North?", north, B, 1.0),
            Entry("East?", east, B, 0.0),
            Entry("East?", east, A, 1.0),
        ]
    )
    assert (len(bank), bank.entries) == (2, 4)
    [found] = bank.nearest([[1.0, 0.0]], 5)
    assert found == [Neighbour(0, 1.0)]
    # 2 and 0 were earned, of 2 + 1 entries; the average with the prior is (2 + 3 * 0.75) / 6 = 17/24, so A is above by
    # (2 - 2 * 17/24) / 5 and alone; 2 / (2 + 3) of the draws are its own, the rest goes by selection.
    assert bank.probabilities(found, [A, B], [0.5, 0.5]) == pytest.approx([0.4 + 0.3, 0.3])


def test_an_empty_bank_knows_nothing() -> None:
    bank = MemoryBank()
    assert (len(bank), bank.entries, bank.nearest([[1.0, 0.0]])) == (0, 0, [[]])
    assert bank.probabilities([], [A, B, C], EVEN) is None


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([("x", [1.0, 0.0], 1.5)], "a pi of 1.5 for teacher + a; what a candidate earns lies in [0, 1]"),
        ([("x", [1.0, 0.0], float("nan"))], "a pi of nan for teacher + a; what a candidate earns lies in [0, 1]"),
        (
            [("x", [1.0, 0.0], 1.0), ("y", [1.0], 1.0)],
            "vectors of different lengths in one bank; those of one embedder are all alike",
        ),
        ([("x", [3.0, 4.0], 1.0)], "a vector with numbers outside [-1, 1]; embedders give unit vectors"),
        ([("x", [np.nan, 0.0], 1.0)], "a vector with numbers outside [-1, 1]; embedders give unit vectors"),
    ],
)
def test_what_cannot_be_stored_is_refused(entries: list[tuple[str, list[float], float]], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MemoryBank(Entry(text, stored(vector), A, pi) for text, vector, pi in entries)


def test_a_vector_of_another_embedder_is_refused() -> None:
    bank, _ = bank_of((A, 1.0))
    with pytest.raises(ValueError, match=r"^vectors of shape \(1, 3\); the bank's rows have 2 numbers$"):
        bank.nearest([[1.0, 0.0, 0.0]])


# --- what the neighbours say ---


def test_those_above_the_average_share_the_draws() -> None:
    bank, near = bank_of((A, 1.0), (A, 1.0), (A, 0.5), (B, 0.8), (B, 0.6), (C, 0.1), cosine=0.5)
    # earned 1.25, 0.7, 0.05 of 1.5, 1, 0.5; average (2 + 3 * 4/6) / (3 + 3) = 2/3
    above = [(1.25 - 1.0) / 4.5, (0.7 - 2 / 3) / 4.0]
    trust = 2.5 / 5.5
    own = [0.5 * above[0], 0.25 * above[1]]
    expected = [trust * p / sum(own) for p in own] + [0.0]
    found = bank.probabilities(near, [A, B, C], [0.5, 0.25, 0.25])
    assert found == pytest.approx([e + (1 - trust) * s for e, s in zip(expected, [0.5, 0.25, 0.25], strict=True)])
    assert sum(found or ()) == pytest.approx(1.0)


def test_losses_lower_a_pair() -> None:
    found = []
    for losses in range(3):
        bank, near = bank_of((A, 1.0), (B, 1.0), (B, 1.0), (C, 0.0), (C, 0.0), *[(A, 0.0)] * losses)
        found.append((bank.probabilities(near, [A, B, C], EVEN) or [])[0])
    # average 0.6: A is above by 0.4 / 4, B by 0.8 / 5, with 3 of 3 + 3 trusted; then 0.5, and A no better: selection's
    # share of what B's 2 of 2 + 3 leave
    assert found == pytest.approx([0.5 * 0.1 / 0.26 + 0.5 / 3, 0.6 / 3, 0.6 / 3])


def test_a_pair_that_only_lost_is_not_drawn_because_it_is_all_that_is_known() -> None:
    bank, near = bank_of((A, 0.0), (A, 0.0), (A, 0.0))
    assert bank.probabilities(near, [A, B, C], EVEN) is None


def test_where_all_do_alike_the_bank_has_nothing_to_say() -> None:
    bank, near = bank_of((A, 0.7), (B, 0.7), (C, 0.7), (A, 0.7), cosine=0.37)
    assert bank.probabilities(near, [A, B, C], EVEN) is None


def test_one_lucky_win_does_not_dominate() -> None:
    bank, near = bank_of((A, 1.0), *[(B, 0.0)] * 9)
    lucky = (bank.probabilities(near, [A, B, C], EVEN) or [])[0]
    bank, near = bank_of(*[(A, 1.0)] * 12, *[(B, 0.0)] * 9)
    proven = (bank.probabilities(near, [A, B, C], EVEN) or [])[0]
    assert (lucky, proven) == pytest.approx((1 / 4 + 3 / 4 / 3, 12 / 15 + 3 / 15 / 3))


def test_pairs_of_another_pool_do_not_count() -> None:
    bank, near = bank_of((A, 1.0), (B, 0.0), (C, 1.0))
    assert bank.probabilities(near, [B], [1.0]) is None
    found = bank.probabilities(near, [B, A], [0.5, 0.5])
    assert found is not None
    assert found[1] > found[0] > 0


@pytest.mark.parametrize("cuts", [(1,), (1533, 1536, 1539), (3, 2100, 3300), range(0, 3600, 300)])
def test_a_bank_that_grows_round_by_round_is_the_bank_of_all(cuts: Sequence[int]) -> None:
    vectors = unit(3600, 16, seed=9)
    entries = [
        Entry(f"Task {i - i % 3}", stored(vectors[i]) if i % 3 == 0 else b"", (A, B, C)[i % 3], (i % 7) / 7)
        for i in range(3600)
    ]
    whole, grown = MemoryBank(entries), MemoryBank()
    for start, end in itertools.pairwise((0, *cuts, 3600)):
        grown.extend(entries[start:end])
    assert (len(grown), grown.entries) == (len(whole), whole.entries) == (1200, 3600)
    asked = unit(5, 16, seed=10)
    assert grown.nearest(asked) == whole.nearest(asked)
    for near in whole.nearest(asked):
        assert grown.probabilities(near, [A, B, C], EVEN) == whole.probabilities(near, [A, B, C], EVEN)


# --- in the log ---

EMBEDDER = HashingEmbedder()


def play(path: Path, *numbers: int, round_number: int = 1) -> None:
    """Lessons whose first candidate won 0.5, whose second failed and whose third was rejected."""
    with LogWriter(path) as log:
        if not log._thread._db["runs"].count:
            log.begin_run(RUN)
        plans = [plan(number, round_number=round_number, candidates=3) for number in numbers]
        log.plan_round("run1", plans, [])
        for planned in plans:
            episodes = (
                episode(planned, 0),
                episode(planned, 1),
                episode(planned, 2, status="failed", reason="timeout"),
                episode(planned, 3, status="rejected", reason="leak"),
            )
            log.finish_lesson(
                lesson().model_copy(
                    update={"plan": planned, "episodes": episodes, "grades": (grade(planned, 1), grade(planned, 3))}
                )
            )


def settle(path: Path, *rounds: int, embedder: str = EMBEDDER.name) -> list[Candidate]:
    db = open_log(path, readonly=True)
    owed = bank_owed(db, "run1", since=min(rounds), before=max(rounds) + 1, embedder=embedder)
    db.close()
    with LogWriter(path) as log:
        log.record_bank(owed, embedder, EMBEDDER.embed([candidate.instruction for candidate in owed]))
    return owed


def test_wins_and_losses_of_a_round_are_owed_until_they_are_stored(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    play(path, 2, 1)
    earned = [(slot, 0.5 if slot == 1 else 0.0) for slot in (1, 3)]
    owed = [Candidate(f"run1-1-{n}", slot, f"What is {n} + {n}?", OTHER, pi) for n in (2, 1) for slot, pi in earned]
    assert settle(path, 1) == owed
    assert settle(path, 1) == []


def test_the_log_gives_the_bank_back(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    play(path, 2, 1)
    play(path, 9, round_number=2)
    settle(path, 1, 2)
    db = open_log(path, readonly=True)
    bank = MemoryBank(read_bank(db, "run1", "correction", embedder=EMBEDDER.name))
    assert (len(bank), bank.entries, bank.dimensions) == (3, 6, 512)
    before = MemoryBank(read_bank(db, "run1", "correction", embedder=EMBEDDER.name, before=2))
    assert (len(before), before.entries) == (2, 4)
    assert len(MemoryBank(read_bank(db, "run1", "debate", embedder=EMBEDDER.name))) == 0
    assert len(MemoryBank(read_bank(db, "run2", "correction", embedder=EMBEDDER.name))) == 0


def test_the_bank_read_is_the_bank_stored(tmp_path: Path) -> None:
    path = planned_log(tmp_path / "log.db")
    vectors = unit(3, 384, seed=5)
    pairs = [(PAIR, 1.0), (OTHER, 0.0), (PAIR, 0.25)]
    in_order = (3, 1, 2)  # as they were planned
    candidates = [
        Candidate(f"run1-1-{n}", 1, f"Task {n} \ud800", *pair) for n, pair in zip(in_order, pairs, strict=True)
    ]
    with LogWriter(path) as log:
        log.record_bank(candidates[::-1], "some", vectors[::-1])
    bank = MemoryBank(read_bank(open_log(path), "run1", "correction", embedder="some"))
    alone = MemoryBank(Entry(c.instruction, stored(v), c.pair, c.pi) for c, v in zip(candidates, vectors, strict=True))
    assert bank.nearest(vectors) == alone.nearest(vectors)
    [near, *_] = bank.nearest(vectors)
    assert near[0].number == 0
    assert bank.probabilities(near, [PAIR, OTHER], [0.5, 0.5]) == alone.probabilities(near, [PAIR, OTHER], [0.5, 0.5])


def test_rows_of_another_embedder_are_left_out_until_they_are_stored_anew(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    play(path, 1)
    settle(path, 1, embedder="minilm-00000000")
    db = open_log(path, readonly=True)
    assert len(MemoryBank(read_bank(db, "run1", "correction", embedder=EMBEDDER.name))) == 0
    db.close()
    assert [candidate.slot for candidate in settle(path, 1)] == [1, 3]
    db = open_log(path, readonly=True)
    assert len(MemoryBank(read_bank(db, "run1", "correction", embedder=EMBEDDER.name))) == 1
    assert len(MemoryBank(read_bank(db, "run1", "correction", embedder="minilm-00000000"))) == 0


def test_a_log_from_before_gets_the_table_of_candidates(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    old = Database(path)
    MIGRATIONS.apply(old, stop_before="m003_memory_bank_by_candidate")
    assert old["memory_bank"].pks == ["lesson_id"]
    old.close()
    play(path, 1)
    settle(path, 1)
    db = open_log(path)
    assert db["memory_bank"].pks == ["lesson_id", "slot"]
    assert [tuple(found) for found in db.execute("SELECT slot, pi, length(vector) FROM memory_bank ORDER BY slot")] == [
        (1, 0.5, 1024),
        (3, 0.0, 0),  # the lesson's vector is stored once
    ]
