"""The composite grade `pi` (Star-Agents eq. 7) under one basis a run, and which episode of a lesson is selected."""

from __future__ import annotations

from collections.abc import Sequence

from master_autogen.records import Basis, Episode, Grade


def basis(small: bool, large: bool) -> Basis:
    """How a run grades: by both scorers, by the one it has, or by the judge alone."""
    return "dual" if small and large else "single" if small or large else "judge"


def pi(kind: Basis, *, quality: float | None, dual: float | None, ifd: float | None) -> tuple[float | None, str | None]:
    """`pi` and, where it is missing, why. `dual`: eq. 7. `single`: pi_llm x clip(IFD, 0, 1). `judge`: pi_llm."""
    if quality is None:
        return None, "no_verdict"
    if kind == "judge":
        return quality, None
    difficulty = dual if kind == "dual" else None if ifd is None else min(max(ifd, 0.0), 1.0)
    if difficulty is None:
        return None, "no_difficulty"
    return quality * difficulty, None


def selected(episodes: Sequence[Episode], grades: Sequence[Grade]) -> Episode | None:
    """The complete candidate with the highest pi above 0 (the earlier one of equals), else the base if it is
    complete."""
    by_id = {grade.episode_id: grade.pi for grade in grades}
    best: tuple[float, Episode] | None = None
    for episode in episodes:
        worth = by_id.get(episode.id)
        if episode.is_base or episode.status != "complete" or worth is None or worth <= 0:
            continue
        if best is None or worth > best[0]:
            best = (worth, episode)
    if best is not None:
        return best[1]
    return next((e for e in episodes if e.is_base and e.status == "complete"), None)
