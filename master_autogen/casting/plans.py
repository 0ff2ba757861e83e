"""The plan of a lesson: its id, its casts, one episode a cast."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from master_autogen.casting.casts import cast_lesson, check_cast
from master_autogen.errors import UserError
from master_autogen.pool import Pool
from master_autogen.records import EpisodePlan, LessonPlan, Seed
from master_autogen.scenario import Scenario
from master_autogen.selection import start


def draw_key(random_seed: int, scenario: Scenario, number: int, seed: Seed) -> tuple[object, ...]:
    """What the draws of a lesson hang on: never time, run id or order of arrival."""
    return (random_seed, scenario.name, number, seed.id)


def plan_lesson(
    scenario: Scenario,
    pool: Pool,
    seed: Seed,
    *,
    similar: Seed | None = None,
    probabilities: Sequence[float] | None = None,
    remembered: Sequence[float] | None = None,
    candidates: int = 1,
    number: int = 1,
    position: int = 0,
    random_seed: int = 0,
    run_id: str = "notebook",
) -> LessonPlan:
    """`seed` in `scenario`, with casts drawn from `pool`: the base, then `candidates` by `probabilities` (one a pair of
    `pool.pairs`; all alike if not given). Nothing is asked or logged.

    `number` is the round, `position` the seed's place in it; draws hang on the round and `random_seed`, the base
    pair on the position. `similar` is the second question that an analogy needs; `remembered` are the memory
    bank's probabilities, by which half of several candidates are drawn.

    Raises `UserError` for a role outside the pair that the pool's `fixed` does not cast, and for an analogy without its
    second question.
    """
    check_cast(scenario, pool)
    if scenario.similar and similar is None:
        raise UserError(f"scenario {scenario.name!r} needs a second question beside the seed's; give it as `similar`")
    casts = cast_lesson(
        scenario,
        pool,
        probabilities if probabilities is not None else start(len(pool.pairs)),
        position=position,
        candidates=candidates,
        key=draw_key(random_seed, scenario, number, seed),
        remembered=remembered,
    )
    name = f"{run_id}/{number}/{scenario.name}/{seed.id}"
    lesson_id = hashlib.sha256(name.encode()).hexdigest()[:12]
    episodes = tuple(EpisodePlan(id=f"{lesson_id}.{slot}", slot=slot, cast=cast) for slot, cast in enumerate(casts))
    return LessonPlan(
        id=lesson_id,
        run_id=run_id,
        round=number,
        scenario=scenario.name,
        seed=seed,
        similar=similar,
        episodes=episodes,
        random_seed=random_seed,
    )
