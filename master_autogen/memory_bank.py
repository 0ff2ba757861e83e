"""The memory bank: which pairs did well on instructions like this one (Star-Agents, step 3).

For a new instruction the n nearest stored ones show what each pair earned there, losses included: a bank of wins alone
confirms whatever was cast most. Knows vectors and numbers; no embedder, no file, no model.

>>> import numpy as np
>>> tall, wide = Pair(instruction="t", response="tall"), Pair(instruction="t", response="wide")
>>> towers = np.array([1, 0], dtype="<f2").tobytes()
>>> bank = MemoryBank([Entry("Build a tower.", towers, tall, 1.0), Entry("Build a tower.", towers, wide, 0.0)])
>>> [near] = bank.nearest(np.array([[0.8, 0.6]]))
>>> [round(p, 3) for p in bank.probabilities(near, [tall, wide], [0.5, 0.5])]
[0.605, 0.395]
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from master_autogen.records import Pair

NEAREST = 20
"""How many stored instructions are asked. The paper gives no number; of 5, 10 and 20, 20 did best
(`benchmarks/memory_bank_worth.py`)."""
PRIOR = 3.0
"""How many candidates' worth of evidence the prior weighs."""

_ONE = 32767
_ROWS = 512  # rows searched at once: as floats they stay in a core's cache
_QUERIES = 16  # searched at once: enough to share the widening of the rows, few enough to keep all their scores
# How far a float32 sum of 384 to 512 products can be from the true cosine; who is this near is scored exactly.
_ROUNDING = 5e-5
_SIMILAR = 1e-4  # cosine below which nothing is a neighbour: texts without a word in common, empty texts
_NOTHING = 1e-9  # what rounding leaves of a difference of equals

_Whole = NDArray[np.int16]


class Entry(NamedTuple):
    """What one candidate earned its pair: `pi`, 0 for a loss. `vector` is the instruction's, little-endian float16 of
    length 1."""

    instruction: str | bytes
    vector: bytes
    pair: Pair
    pi: float


class Neighbour(NamedTuple):
    """A stored instruction, by its number in the bank (from 0, in the order of entry), and its cosine."""

    number: int
    cosine: float


class MemoryBank:
    """What earlier rounds have shown, in lesson order. `entries` is read once, as a stream; of an instruction the first
    entry's vector counts, and those of the others may be empty.

    Vectors are held as whole numbers of 16 bits, 15 of them after the point: half the memory of float32, at a unit
    vector's small numbers as fine as float16, and numpy widens them seven times faster. Nearness is exact and the same
    on every machine: sums of whole numbers do not depend on their order.
    """

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._numbers: dict[bytes, int] = {}
        self._arms: dict[Pair, int] = {}
        self._earned = array("i"), array("i"), array("d")  # an entry each: whose instruction, which pair, its pi
        self._blocks: list[_Whole] = []
        self.extend(entries)

    def extend(self, entries: Iterable[Entry]) -> None:
        """What another round has shown."""
        owners, pairs, pis = self._earned
        fresh: list[bytes] = []
        before: str | bytes | None = None
        number = 0
        for instruction, vector, pair, pi in entries:
            if not 0.0 <= pi <= 1.0:
                raise ValueError(f"a pi of {pi} for {pair}; what a candidate earns lies in [0, 1]")
            if instruction != before:  # a lesson's candidates have one instruction
                before, size = instruction, len(self._numbers)
                number = self._numbers.setdefault(_digest(instruction), size)
                if number == size:
                    fresh.append(vector)
                    if len(fresh) == _ROWS:
                        self._store(fresh)
                        fresh = []
            owners.append(number)
            pairs.append(self._arms.setdefault(pair, len(self._arms)))
            pis.append(pi)
        self._store(fresh)
        # Of copies: an array that numpy looks into cannot grow.
        by_owner = np.argsort(np.array(owners), kind="stable")
        self._pairs = np.array(pairs)[by_owner]
        self._pis = np.array(pis)[by_owner]
        self._starts = np.searchsorted(np.array(owners)[by_owner], np.arange(len(self._numbers) + 1))

    def __len__(self) -> int:
        """How many instructions it holds."""
        return len(self._numbers)

    @property
    def entries(self) -> int:
        """How many candidates' earnings it holds."""
        return len(self._pis)

    def _store(self, vectors: Sequence[bytes]) -> None:
        """Put these behind those that are there; every block but the last has `_ROWS`."""
        if not vectors:
            return
        if len({len(vector) for vector in vectors} | {2 * block.shape[1] for block in self._blocks[:1]}) > 1:
            raise ValueError("vectors of different lengths in one bank; those of one embedder are all alike")
        rows = np.frombuffer(b"".join(vectors), dtype="<f2").reshape(len(vectors), -1)
        whole = _whole(rows.astype(np.float32))
        if self._blocks and len(self._blocks[-1]) < _ROWS:
            whole = np.concatenate([self._blocks.pop(), whole])
        # Copies, so that no slice keeps the whole alive.
        self._blocks += [whole[start : start + _ROWS].copy() for start in range(0, len(whole), _ROWS)]

    def nearest(self, vectors: ArrayLike, n: int = NEAREST) -> list[list[Neighbour]]:
        """For each row of `vectors` (texts, dimensions; unit length) the `n` stored instructions with the highest
        cosine, the nearest first, of equals the one stored first; fewer where fewer are similar at all.

        Many rows at once cost a tenth of as many calls. ValueError where the dimensions are not the bank's.
        """
        queries = np.asarray(vectors, dtype=np.float32)
        if queries.ndim != 2 or (self._blocks and queries.shape[1] != self._blocks[0].shape[1]):
            raise ValueError(f"vectors of shape {queries.shape}; the bank's rows have {self.dimensions} numbers")
        if not self._blocks or n < 1:
            return [[] for _ in queries]
        found: list[list[Neighbour]] = []
        for start in range(0, len(queries), _QUERIES):
            some = _whole(queries[start : start + _QUERIES])
            for query, scores in zip(some, self._scores(some), strict=True):
                found.append(self._best(query, scores, n))
        return found

    @property
    def dimensions(self) -> int | None:
        return self._blocks[0].shape[1] if self._blocks else None

    def _scores(self, queries: _Whole) -> NDArray[np.float32]:
        """Cosines times `_ONE` squared, to within rounding; shape (queries, instructions)."""
        columns = np.ascontiguousarray(queries.T.astype(np.float32))
        widened = np.empty((_ROWS, queries.shape[1]), dtype=np.float32)
        scores = np.empty((len(queries), len(self)), dtype=np.float32)
        for i, block in enumerate(self._blocks):
            rows = widened[: len(block)]
            np.copyto(rows, block)
            scores[:, i * _ROWS : i * _ROWS + len(block)] = (rows @ columns).T
        return scores

    def _best(self, query: _Whole, scores: NDArray[np.float32], n: int) -> list[Neighbour]:
        last = np.partition(scores, -n)[-n] if n < len(scores) else -np.inf
        bar = max(float(last) - 2 * _ROUNDING * _ONE**2, (_SIMILAR - _ROUNDING) * _ONE**2)
        near = np.flatnonzero(scores >= bar)
        exact = np.concatenate(
            [self._exact(query, near[start : start + _ROWS]) for start in range(0, len(near), _ROWS)] or [np.zeros(0)]
        )
        ranked = np.lexsort((near, -exact))[:n]
        return [Neighbour(int(near[i]), float(exact[i]) / _ONE**2) for i in ranked if exact[i] >= _SIMILAR * _ONE**2]

    def _exact(self, query: _Whole, numbers: NDArray[np.intp]) -> NDArray[np.float64]:
        """Whole numbers below 2**53, which float64 holds exactly: neither their order nor the machine matters."""
        rows = np.array([self._blocks[number // _ROWS][number % _ROWS] for number in numbers], dtype=np.float64)
        exact: NDArray[np.float64] = rows @ query.astype(np.float64)
        return exact

    def probabilities(
        self, neighbours: Sequence[Neighbour], pairs: Sequence[Pair], selection: Sequence[float]
    ) -> list[float] | None:
        """The probabilities of `pairs` that the bank's draws go by; None where the neighbours know of no better pair.

        A pair is known to do well where its mean `pi` at the neighbours (each counts as much as its cosine, and
        `PRIOR` entries of an average pair are added) is above the average there; losses are what pushes it below.
        Such pairs share by `selection` times what they are above. With little seen of them the whole stays near
        `selection`: with evidence N it is given N / (N + PRIOR), so that one lucky win does not dominate.
        """
        earned, seen = self._evidence(neighbours, pairs)
        average = (earned.sum() + PRIOR * self._mean()) / (seen.sum() + PRIOR)
        above = (earned - seen * average) / (seen + PRIOR)
        known = above > _NOTHING
        prior = np.asarray(selection, dtype=np.float64)
        share = np.where(known, prior * above, 0.0)
        if share.sum() <= 0.0:
            return None
        evidence = seen[known].sum()
        trust = evidence / (evidence + PRIOR)
        mixed = trust * share / share.sum() + (1.0 - trust) * prior / prior.sum()
        return [float(p) for p in mixed]

    def _evidence(
        self, neighbours: Sequence[Neighbour], pairs: Sequence[Pair]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What each of `pairs` earned at the neighbours, and how much was seen of it; other pairs are left out."""
        earned, seen = np.zeros(len(pairs)), np.zeros(len(pairs))
        place = {self._arms[pair]: i for i, pair in enumerate(pairs) if pair in self._arms}
        for number, cosine in neighbours:
            for j in range(self._starts[number], self._starts[number + 1]):
                if (i := place.get(int(self._pairs[j]))) is not None:
                    earned[i] += cosine * self._pis[j]
                    seen[i] += cosine
        return earned, seen

    def _mean(self) -> float:
        return float(self._pis.mean()) if len(self._pis) else 0.0


def _digest(instruction: str | bytes) -> bytes:
    text = instruction if isinstance(instruction, bytes) else instruction.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=12).digest()


def _whole(rows: NDArray[np.float32]) -> _Whole:
    """ValueError where a number is not in [-1, 1]; a little above, by rounding, is 1."""
    if not np.all(np.abs(rows) <= 1.01):
        raise ValueError("a vector with numbers outside [-1, 1]; embedders give unit vectors")
    return np.rint(np.clip(rows, -1.0, 1.0) * _ONE).astype(np.int16)
