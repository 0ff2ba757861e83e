"""The similar question of an analogy (MASTER, scenario EP): of the same structure where there is one, near in what it
is about, and not the same question over again.

A fixed share of the seeds, by hash, are opening questions; the others are the pool to retrieve from, so that no opening
question is ever drawn as the similar one. For maths the structure is that of the worked solution, its operations: a
question solved by the same steps is an analogue even of another subject, and one with other numbers the best of all. A
question with the same numbers is a copy in other words: its answer could be copied too.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from master_autogen.arithmetic import numbers, signature
from master_autogen.draws import choose, unit
from master_autogen.embedding import Embedder, HashingEmbedder, Vectors
from master_autogen.records import Seed

OPENING_SHARE = 1 / 3
NEAREST = 8
"""How many of the nearest questions one is drawn from. MASTER draws from "the nearest" and gives no number."""
BANDS = {"hashing": (0.2, 0.9), "minilm": (0.55, 0.9)}
"""Cosine of questions that are about like things and are not the same, by the kind of embedder. Of the pairs
of the GSM8K sample 1.5 % (hashing) and 3 % (MiniLM) lie above the lower end, and 81 and 74 % of its questions have
such a neighbour; the upper end is where near duplicates begin."""
COPIED = 0.8
"""Jaccard similarity of word three-grams above which two texts are the same, whatever their numbers."""
COPIED_WITHOUT_NUMBERS = 0.5
"""The same for two texts without numbers that could tell them apart."""

Structure = Literal["same steps", "same operations", "other operations", "unknown"]
"""From the best to the worst; "same operations" are the same ones in another order."""
Place = Literal["in", "above", "below"]
PLACES: tuple[Place, ...] = ("in", "above", "below")
"""From the best to the worst."""

_WORD = re.compile(r"\w+")


def is_opening(seed: Seed, share: float = OPENING_SHARE) -> bool:
    return unit("opening", seed.id) < share


class Likeness(NamedTuple):
    """How alike two questions are. `place`: of the cosine beside its band; `copy`: the same question over again."""

    structure: Structure
    place: Place
    cosine: float
    jaccard: float
    other_numbers: bool
    copy: bool

    def __str__(self) -> str:
        told: list[str] = [] if self.structure == "unknown" else [self.structure]
        told += ["other numbers"] if self.other_numbers else []
        band = "" if self.place == "in" else f" ({self.place} the band)"
        return ", ".join([*told, f"cosine {self.cosine:.2f}{band}", f"Jaccard {self.jaccard:.2f}"])


def likeness(one: Seed, other: Seed, embedder: Embedder | None = None) -> Likeness:
    """How alike two seeds' questions are; by their words where no embedder is given, as a run's own are compared."""
    embedder = embedder or HashingEmbedder()
    first, second = embedder.embed([one.instruction, other.instruction])
    return _likeness(_Read(one), _Read(other), float(first @ second), _band(embedder))


class SimilarQuestions:
    """The seeds that may be drawn as similar questions, embedded once."""

    def __init__(self, seeds: Sequence[Seed], embedder: Embedder) -> None:
        pool = sorted((seed for seed in seeds if not is_opening(seed)), key=lambda seed: seed.id)
        self._seeds = [_Read(seed) for seed in pool]
        self._embedder = embedder
        self._vectors: Vectors = embedder.embed([seed.instruction for seed in pool])
        groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for i, read in enumerate(self._seeds):
            for group in read.groups:
                groups[group].append(i)
        self._groups = {name: np.array(members, dtype=np.intp) for name, members in groups.items()}

    def draw(self, opening: Seed, key: tuple[object, ...]) -> Seed | None:
        """One of the nearest of the same kind, drawn by `key`, of the best there are: by structure first, then inside
        the band, then above it (other numbers in the same words), then below. None where every other question is a
        copy, or there is none.

        A small set seldom has a near question of the same steps: one outside the band is drawn rather than none, and
        `likeness` says so of it.
        """
        if not self._seeds:
            return None
        vector = self._embedder.embed([opening.instruction])[0]
        read = _Read(opening)
        for group in (self._groups[name] for name in read.groups if name in self._groups):
            # Of a hundred thousand questions a few hundred have the same steps: the others are not looked at.
            rows = self._vectors if len(group) == len(self._seeds) else self._vectors[group]
            if near := self._nearest(read, group, np.round(rows @ vector, 6)):
                return self._seeds[choose(near, *key, 0, "similar", 1)].seed
        return None

    def _nearest(self, opening: _Read, group: NDArray[np.intp], cosine: Vectors) -> list[int]:
        """The nearest of a group that are no copies, all of them in the best place that has one. `cosine` is that of
        each member."""
        low, high = band = _band(self._embedder)
        place = np.select([cosine < low, cosine > high], [PLACES.index("below"), PLACES.index("above")])
        near: list[int] = []
        best: Place | None = None
        for at in np.lexsort((-cosine, place)):
            found = _likeness(opening, self._seeds[group[at]], float(cosine[at]), band)
            if found.copy:
                continue
            best = best or found.place
            if found.place != best or len(near) == NEAREST:
                break
            near.append(int(group[at]))
        return near


class _Read:
    """What is compared of a seed, read once."""

    def __init__(self, seed: Seed) -> None:
        self.seed = seed
        self.steps = signature(seed.response) if seed.kind == "math" else ""
        self.operations = sorted(self.steps.split())

    @property
    def groups(self) -> list[tuple[str, ...]]:
        """Where its analogues are looked for: those of the same steps, of the same operations, all of the kind."""
        every = (self.seed.kind,)
        return [(*every, "steps", self.steps), (*every, *self.operations), every] if self.steps else [every]

    @cached_property
    def numbers(self) -> Counter[Fraction]:
        return Counter(number.value for number in numbers(self.seed.instruction))

    @cached_property
    def grams(self) -> set[tuple[str, ...]]:
        words = _WORD.findall(self.seed.instruction.casefold())
        return set(zip(words, words[1:], words[2:], strict=False)) or {tuple(words)}


def _band(embedder: Embedder) -> tuple[float, float]:
    return BANDS.get(embedder.name.partition("-")[0], BANDS["minilm"])


def _likeness(one: _Read, other: _Read, cosine: float, band: tuple[float, float]) -> Likeness:
    low, high = band
    place: Place = "below" if cosine < low else "above" if cosine > high else "in"
    jaccard = len(one.grams & other.grams) / len(one.grams | other.grams)
    same_numbers = one.numbers == other.numbers
    if one.seed.kind == "math" and one.numbers:
        copy = same_numbers or jaccard > COPIED
    else:
        told_apart = bool(one.numbers) and not same_numbers
        copy = place == "above" or jaccard > (COPIED if told_apart else COPIED_WITHOUT_NUMBERS)
    return Likeness(_structure(one, other), place, cosine, jaccard, bool(one.numbers) and not same_numbers, copy)


def _structure(one: _Read, other: _Read) -> Structure:
    if not one.steps or not other.steps:
        return "unknown"
    if one.steps == other.steps:
        return "same steps"
    return "same operations" if one.operations == other.operations else "other operations"
