"""What becomes of a first answer that has to be wrong, and after the last asking again still is not.

About half of what a weak student says first is right; a teacher told to correct it teaches nonsense. So a mistake that
code knows is planted in its place, or the lesson becomes a confirmation, of which a share is kept, or it ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from master_autogen.draws import unit
from master_autogen.records import CheckResult, Seed
from master_autogen.scenario import Phase
from master_autogen.wording import Planted, plant


class Settled(NamedTuple):
    """A mistake to plant, or that the lesson goes on as a confirmation, or `why` it is neither: the end of a reason."""

    planted: Planted | None = None
    confirmed: bool = False
    why: str = ""


def settle(
    phase: Phase, seed: Seed, failed: Sequence[CheckResult], *, share: float, key: tuple[object, ...]
) -> Settled:
    """What becomes of a turn that failed these checks to the end. `share` of the seeds are kept as confirmations."""
    if phase.if_right == "reject" or all(result.name != "wrong_answer" for result in failed):
        return Settled()
    why = ""
    if phase.if_right == "plant":
        if planted := plant(seed, (*key, phase.name), among=phase.misconceptions or None):
            return Settled(planted=planted)
        why = "; no mistake could be planted"
    if any(result.name != "wrong_answer" or result.passed is None for result in failed):
        return Settled(why=why)  # not shown to be right, or wrong in another way
    if unit("confirmation", seed.id) < share:
        return Settled(confirmed=True)
    return Settled(why=f"{why}; it is not among the {share:.0%} that are kept as confirmations")
