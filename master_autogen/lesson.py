"""Play, check and grade one lesson: a seed in a scenario, its base episode and its candidates at the same time.

A pure function of picklable records and a stage: it writes nothing, draws nothing from time or order of arrival, and
every model call it makes goes to the stage's sink as it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from master_autogen.classroom.episode import play_episode
from master_autogen.classroom.evaluation import compare, evaluator_name, measure
from master_autogen.classroom.evaluators import Difficulty
from master_autogen.classroom.stage import Desk, Stage
from master_autogen.grading.composite import basis, pi, selected
from master_autogen.grading.difficulty import gap, pi_dual
from master_autogen.grading.quality import pi_llm
from master_autogen.records import Episode, Grade, Lesson, LessonPlan, Verdict

Verdicts = tuple[Verdict | None, Verdict | None, str | None]
"""In order ab, in order ba, and why one is missing."""


async def play_lesson(stage: Stage, plan: LessonPlan, *, scale: float | None = None) -> Lesson:
    """The lesson played, checked and graded. `scale`: the gap that earlier rounds found large (see `pi_dual`)."""
    desks = {episode.id: Desk(stage, plan, episode) for episode in plan.episodes}
    episodes = await asyncio.gather(*(play_episode(stage, plan, e, desks[e.id]) for e in plan.episodes))
    grades = await _grade(desks, episodes, scale)
    best = selected(episodes, grades)
    if best is not None:
        return Lesson(
            plan=plan,
            status="accepted",
            selected_episode_id=best.id,
            episodes=tuple(episodes),
            grades=tuple(grades),
        )
    failed = all(episode.status == "failed" for episode in episodes)
    reasons = list(dict.fromkeys(f"{episode.status}: {episode.reason}" for episode in episodes))
    return Lesson(
        plan=plan,
        status="failed" if failed else "rejected",
        reason="; ".join(reasons),
        episodes=tuple(episodes),
        grades=tuple(grades),
    )


async def _grade(desks: Mapping[str, Desk], episodes: Sequence[Episode], scale: float | None) -> list[Grade]:
    """Grades of every complete episode; the base has a difficulty and no quality: it is never judged against itself."""
    complete = [episode for episode in episodes if episode.status == "complete"]
    base = next((episode for episode in episodes if episode.is_base), None)
    candidates = [episode for episode in complete if not episode.is_base]
    difficulties, verdicts = await asyncio.gather(
        asyncio.gather(*(measure(desks[episode.id], episode) for episode in complete)),
        asyncio.gather(*(compare(desks[candidate.id], candidate, base) for candidate in candidates)),
    )
    judged: dict[str, Verdicts] = dict(zip((c.id for c in candidates), verdicts, strict=True))
    unjudged: Verdicts = (None, None, "is_base" if candidates else "no_candidates")
    return [
        _compose(desks[episode.id], episode, difficulty, dual, judged.get(episode.id, unjudged))
        for episode, difficulty, dual in zip(complete, difficulties, _duals(difficulties, scale), strict=True)
    ]


def _duals(difficulties: Sequence[Difficulty], scale: float | None) -> list[float | None]:
    """`pi_dual` of each episode; None where either scorer has no value for it."""
    gaps = [None if d.ifd_small is None or d.ifd_large is None else gap(d.ifd_small, d.ifd_large) for d in difficulties]
    scaled = iter(pi_dual([g for g in gaps if g is not None], scale))
    return [None if g is None else next(scaled) for g in gaps]


def _compose(desk: Desk, episode: Episode, d: Difficulty, dual: float | None, verdicts: Verdicts) -> Grade:
    scorers = desk.stage.pool.scorers
    kind = basis(scorers.small is not None, scorers.large is not None)
    ab, ba, unread = verdicts
    quality = pi_llm(ab, ba)
    ifd = d.ifd_small if d.ifd_small is not None else d.ifd_large
    value, why = pi(kind, quality=quality, dual=dual, ifd=ifd)
    return Grade(
        episode_id=episode.id,
        evaluator=evaluator_name(desk.stage),
        ifd_small=d.ifd_small,
        ifd_large=d.ifd_large,
        pi_dual=dual,
        verdict_ab=ab,
        verdict_ba=ba,
        pi_llm=quality,
        pi=value,
        basis=kind,
        missing_reason=unread if quality is None else d.missing_reason if value is None else why,
        detail=d.detail,
    )
