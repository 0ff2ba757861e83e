"""Play, check and grade one lesson: a seed in a scenario, its base episode and its candidates at the same time.

A pure function of picklable records and a stage: it writes nothing, draws nothing from time or order of arrival, and
every model call it makes goes to the stage's sink as it ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from master_autogen.classroom.episode import play_episode
from master_autogen.classroom.evaluation import compare, evaluator_name, measure
from master_autogen.classroom.evaluators import Difficulty
from master_autogen.classroom.stage import Desk, Stage
from master_autogen.grading.composite import basis, pi, selected
from master_autogen.grading.difficulty import Normaliser, Unit, gap, pi_dual, pi_dual_paper
from master_autogen.grading.quality import Quality, unread
from master_autogen.models.failures import all_of
from master_autogen.records import Episode, Grade, Lesson, LessonPlan

NO_SCALES: Mapping[Unit, float] = {}


async def play_lesson(
    stage: Stage, plan: LessonPlan, *, scales: Mapping[Unit, float] = NO_SCALES, normaliser: Normaliser = "running"
) -> Lesson:
    """The lesson played, checked and graded. `scales`: the gap that earlier rounds found large, by the unit it is
    counted in; without one the lesson's own largest gap is the scale (see `pi_dual`).

    Nothing is logged but what the stage's sink does with the calls. Raises `UserError` for a missing key or package, as
    `EndpointDown` for an endpoint that is dead; a model that fails makes an episode `failed` instead.
    """
    desks = {episode.id: Desk(stage, plan, episode) for episode in plan.episodes}
    episodes = await all_of(play_episode(stage, plan, e, desks[e.id]) for e in plan.episodes)
    grades = await _grade(desks, episodes, scales, normaliser)
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


async def regrade_lesson(stage: Stage, lesson: Lesson) -> list[Grade]:
    """Grades of a lesson that was played before, by the evaluators of `stage`; its own largest gap is the scale."""
    desks = {plan.id: Desk(stage, lesson.plan, plan) for plan in lesson.plan.episodes}
    return await _grade(desks, lesson.episodes, NO_SCALES, "running")


async def _grade(
    desks: Mapping[str, Desk], episodes: Sequence[Episode], scales: Mapping[Unit, float], normaliser: Normaliser
) -> list[Grade]:
    """Grades of every complete episode; the base has a difficulty and no quality: it is never judged against itself."""
    complete = [episode for episode in episodes if episode.status == "complete"]
    base = next((episode for episode in episodes if episode.is_base), None)
    candidates = [episode for episode in complete if not episode.is_base]
    found: list[Any] = await all_of(
        (
            all_of(measure(desks[episode.id], episode) for episode in complete),
            all_of(compare(desks[candidate.id], candidate, base) for candidate in candidates),
        )
    )
    difficulties: list[Difficulty] = found[0]
    qualities: list[Quality] = found[1]
    judged = dict(zip((c.id for c in candidates), qualities, strict=True))
    unjudged = unread("is_base" if candidates else "no_candidates")
    measured = _scaled(complete, difficulties, scales, normaliser)
    return [
        _compose(desks[episode.id], episode, found, judged.get(episode.id, unjudged))
        for episode, found in zip(complete, measured, strict=True)
    ]


class Scaled(NamedTuple):
    """An episode's difficulty in the lesson's unit: IFD of both scorers and `pi_dual`."""

    of: Difficulty
    ifd_small: float | None
    ifd_large: float | None
    pi_dual: float | None
    detail: Mapping[str, Any]


def _scaled(
    episodes: Sequence[Episode], found: Sequence[Difficulty], scales: Mapping[Unit, float], normaliser: Normaliser
) -> list[Scaled]:
    """Every episode in one unit: by the byte where the scorers' tokenizers differ in any of them."""
    unit: Unit = "token" if all(d.same_tokens for d in found) else "byte"
    values = [d.by(unit) for d in found]
    used: str | float
    differences = [None if small is None or large is None else small - large for small, large in values]
    if normaliser == "paper":
        counted = [None if e.is_base else d for e, d in zip(episodes, differences, strict=True)]
        duals, used = _over_known(counted, pi_dual_paper), "paper"
    else:
        scale = scales.get(unit)
        gaps = [None if small is None or large is None else gap(small, large) for small, large in values]
        duals = _over_known(gaps, lambda known: pi_dual(known, scale))
        used = "lesson" if scale is None else scale
    detail: dict[str, Any] = {"unit": unit, "scale": used} if any(d is not None for d in differences) else {}
    return [
        Scaled(d, small, large, dual, {**d.detail, **detail})
        for d, (small, large), dual in zip(found, values, duals, strict=True)
    ]


def _over_known(
    values: Sequence[float | None], rule: Callable[[Sequence[float]], Sequence[float | None]]
) -> list[float | None]:
    """`rule` over the values that there are; None stays None."""
    made = iter(rule([value for value in values if value is not None]))
    return [None if value is None else next(made) for value in values]


def _compose(desk: Desk, episode: Episode, d: Scaled, quality: Quality) -> Grade:
    scorers = desk.stage.pool.scorers
    kind = basis(scorers.small is not None, scorers.large is not None)
    ifd = d.ifd_small if d.ifd_small is not None else d.ifd_large
    value, why = pi(kind, quality=quality.pi_llm, dual=d.pi_dual, ifd=ifd)
    unmeasured = d.of.missing_reason if value is None and d.of.missing_reason else why
    return Grade(
        episode_id=episode.id,
        evaluator=evaluator_name(desk.stage),
        ifd_small=d.ifd_small,
        ifd_large=d.ifd_large,
        pi_dual=d.pi_dual,
        verdict_ab=quality.ab,
        verdict_ba=quality.ba,
        pi_llm=quality.pi_llm,
        pi=value,
        basis=kind,
        missing_reason=quality.missing if quality.pi_llm is None else unmeasured,
        detail={**d.detail, **quality.detail},
    )
