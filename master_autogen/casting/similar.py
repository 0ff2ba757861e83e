"""The similar question of an analogy (MASTER, scenario EP): near in words, of the same structure where there is one.

A fixed share of the seeds, by hash, are opening questions; the others are the pool to retrieve from, so that no opening
question is ever drawn as the similar one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from master_autogen.arithmetic import signature
from master_autogen.draws import choose, unit
from master_autogen.embedding import Embedder, Vectors
from master_autogen.records import Seed

OPENING_SHARE = 1 / 3
NEAREST = 8
"""How many of the nearest questions one is drawn from. MASTER draws from "the nearest" and gives no number."""
NEAR_COPY = 0.95
"""Cosine above which a question counts as the same one again."""


def is_opening(seed: Seed, share: float = OPENING_SHARE) -> bool:
    return unit("opening", seed.id) < share


class SimilarQuestions:
    """The seeds that may be drawn as similar questions, embedded once."""

    def __init__(self, seeds: Sequence[Seed], embedder: Embedder) -> None:
        self._seeds = [seed for seed in seeds if not is_opening(seed)]
        self._embedder = embedder
        self._vectors: Vectors = embedder.embed([seed.instruction for seed in self._seeds])
        self._signatures = [signature(seed.response) if seed.kind == "math" else "" for seed in self._seeds]

    def draw(self, opening: Seed, key: tuple[object, ...]) -> Seed | None:
        """One of the nearest of the same kind, drawn by `key`; those with the opening's operations go first.

        None where no seed is near enough to be similar and different enough to be another.
        """
        if not self._seeds:
            return None
        cosine = self._vectors @ self._embedder.embed([opening.instruction])[0]
        wanted = signature(opening.response) if opening.kind == "math" else ""
        ranked = sorted(
            (i for i, seed in enumerate(self._seeds) if seed.kind == opening.kind and cosine[i] < NEAR_COPY),
            key=lambda i: (self._signatures[i] != wanted, -float(np.round(cosine[i], 6)), self._seeds[i].id),
        )
        same = [i for i in ranked if self._signatures[i] == wanted]
        near = (same or ranked)[:NEAREST]
        return self._seeds[choose(near, *key, 0, "similar", 1)] if near else None
