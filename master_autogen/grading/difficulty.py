"""Difficulty from how surprised a model is: IFD (Star-Agents eq. 4) and the dual-model gap (eq. 5). Arithmetic only.

Dialogues of several turns are the paper's open question. Here the IFD of an episode is the mean over its trained turns,
weighted by their length, each given all that was said before it; wrong first answers are never trained on and never
scored.

Where both scorers count the same tokens, surprise is counted by the token, as in eq. 4. Where their tokenizers differ,
a mean per token of one cannot be taken from a mean per token of the other; then both count by the UTF-8 byte:
exp(-logprob / bytes) in place of exp(-logprob / tokens).
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

Unit = Literal["token", "byte"]
"""What surprise is counted by."""

UNITS: tuple[Unit, ...] = ("token", "byte")

Normaliser = Literal["running", "paper"]
"""How a gap becomes `pi_dual`: see `pi_dual` and `pi_dual_paper`."""

NORMALISERS: tuple[Normaliser, ...] = ("running", "paper")

MIN_TOKENS = 8
"""A shorter answer is not measured: its mean surprise hangs on one or two tokens, and the ratio of two such means is
mostly noise. Eight is about one short sentence."""

QUANTILE = 0.95
"""Which of the earlier gaps counts as large. The largest itself is set by one odd sample for the rest of a run."""

MIN_GAPS = 20
"""With fewer earlier gaps than this their 0.95 quantile lies between the two largest, so the lesson's own is taken."""


class TurnScore(NamedTuple):
    """The log-likelihood (nats) of one trained turn after all that was said, and by itself; `tokens` and `utf8_bytes`
    count the turn's, `context_tokens` those of all that was said before. `after_last`: after the last human turn alone,
    where more than that was said before it."""

    after_history: float
    alone: float
    tokens: int
    utf8_bytes: int = 0
    after_last: float | None = None
    context_tokens: int = 0

    @property
    def ifd(self) -> float:
        """Eq. 4: exp(-mean log P(w | I, w<)) / exp(-mean log P(w | w<)); under 1 where the history helps. This is the
        instruction gain."""
        return self.ifd_by("token")

    def ifd_by(self, unit: Unit) -> float:
        """Eq. 4 with the mean over tokens, or over bytes."""
        return math.exp((self.alone - self.after_history) / self.size(unit))

    def context_gain(self, unit: Unit) -> float | None:
        """The same ratio against the last human turn alone in place of nothing: under 1 where what was said earlier
        helps. None where nothing was said earlier."""
        if self.after_last is None:
            return None
        return math.exp((self.after_last - self.after_history) / self.size(unit))

    def size(self, unit: Unit) -> int:
        return self.tokens if unit == "token" else self.utf8_bytes


def too_short(tokens: int) -> str | None:
    """Why an answer of so many tokens is not measured; None if it is."""
    return f"answer of {tokens} tokens is too short to measure" if tokens < MIN_TOKENS else None


def episode_ifd(turns: Sequence[TurnScore], unit: Unit = "token") -> float | None:
    """The mean of the turns' IFD weighted by their length in `unit`; None where there is nothing to measure."""
    size = sum(turn.size(unit) for turn in turns)
    return sum(turn.ifd_by(unit) * turn.size(unit) for turn in turns) / size if size else None


def same_tokens(small: Sequence[TurnScore], large: Sequence[TurnScore]) -> bool:
    """Whether both scorers count the same tokens in every turn and in all that was said before it. Of a short turn with
    many digits two different tokenizers may well count the same, of its whole conversation they hardly ever do."""
    one, other = ([(turn.tokens, turn.context_tokens) for turn in turns] for turns in (small, large))
    return one == other


def gap(ifd_small: float, ifd_large: float) -> float:
    """Hard for the small model and within reach of the large one; negative gaps count as none."""
    return max(0.0, ifd_small - ifd_large)


class RunningScale:
    """A large gap, by those of all earlier rounds: the 0.95 quantile of the positive ones (linear between two of them).

    Unlike a lesson's own maximum it keeps the absolute size: five episodes that are all easy do not bring forth one of
    `pi_dual` 1.

    >>> scale = RunningScale()
    >>> scale.add([0.1] * 19 + [-0.5])
    >>> scale.value is None
    True
    >>> scale.add([0.1])
    >>> scale.value
    0.1
    """

    def __init__(self) -> None:
        self._gaps = array("d")  # the positive ones, sorted; all of them: the quantile is exact, and 8 bytes are little

    def add(self, gaps: Iterable[float]) -> None:
        self._gaps = array("d", sorted([*self._gaps, *(g for g in gaps if g > 0)]))

    @property
    def value(self) -> float | None:
        """None with fewer than 20 positive gaps."""
        found = self._gaps
        if len(found) < MIN_GAPS:
            return None
        at = QUANTILE * (len(found) - 1)
        below = math.floor(at)
        above = min(below + 1, len(found) - 1)
        return found[below] + (at - below) * (found[above] - found[below])


class RunningScales:
    """A `RunningScale` for each unit: gaps by the byte are many times smaller than those by the token."""

    def __init__(self) -> None:
        self._scales = {unit: RunningScale() for unit in UNITS}

    def add(self, gaps: Mapping[Unit, Iterable[float]]) -> None:
        for unit, of_unit in gaps.items():
            self._scales[unit].add(of_unit)

    @property
    def values(self) -> dict[Unit, float]:
        """Of the units that have one."""
        found = {unit: scale.value for unit, scale in self._scales.items()}
        return {unit: value for unit, value in found.items() if value is not None}


def pi_dual(gaps: Sequence[float], scale: float | None = None) -> list[float]:
    """Eq. 5 over the episodes of a lesson, in [0, 1].

    Eq. 5 divides by the largest gap of the batch, which may be zero or negative; with gaps clipped at 0, all of them
    0 give 0. `scale` is a gap that earlier rounds found large, in place of the batch's own maximum.
    """
    largest = max(gaps, default=0.0) if scale is None else scale
    return [min(1.0, g / largest) if largest > 0 else 0.0 for g in gaps]


def pi_dual_paper(differences: Sequence[float]) -> list[float | None]:
    """Eq. 5 to the letter: IFD_small - IFD_large, unclipped, over its own maximum among the lesson's candidates.

    With that maximum below 0 the order is turned round and the worst candidate gets the most, above 1; with it just
    above 0 others get large negative values; at 0 there is no value at all (None). For comparison with the paper alone.
    """
    largest = max(differences, default=0.0)
    return [None if largest == 0 else difference / largest for difference in differences]
