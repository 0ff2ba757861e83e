"""Difficulty from how surprised a model is: IFD (Star-Agents eq. 4) and the dual-model gap (eq. 5). Arithmetic only.

Dialogues of several turns are the paper's open question. Here the IFD of an episode is the token-weighted mean over its
trained turns, each given all that was said before it; wrong first answers are never trained on and never scored.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class TurnScore(NamedTuple):
    """The log-likelihood (nats) of one trained turn after the history, and by itself; `tokens` counts the turn's."""

    after_history: float
    alone: float
    tokens: int

    @property
    def ifd(self) -> float:
        """Eq. 4: exp(-mean log P(w | I, w<)) / exp(-mean log P(w | w<)); under 1 where the history helps."""
        return math.exp((self.alone - self.after_history) / self.tokens)


def episode_ifd(turns: Sequence[TurnScore]) -> float | None:
    """The token-weighted mean of the turns' IFD; None where there is nothing to measure."""
    tokens = sum(turn.tokens for turn in turns)
    return sum(turn.ifd * turn.tokens for turn in turns) / tokens if tokens else None


def gap(ifd_small: float, ifd_large: float) -> float:
    """Hard for the small model and within reach of the large one; negative gaps count as none."""
    return max(0.0, ifd_small - ifd_large)


def pi_dual(gaps: Sequence[float], scale: float | None = None) -> list[float]:
    """Eq. 5 over the episodes of a lesson, in [0, 1].

    Eq. 5 divides by the largest gap of the batch, which may be zero or negative; with gaps clipped at 0, all of them
    0 give 0. `scale` is a gap that earlier rounds found large, in place of the batch's own maximum.
    """
    largest = max(gaps, default=0.0) if scale is None else scale
    return [min(1.0, g / largest) if largest > 0 else 0.0 for g in gaps]
