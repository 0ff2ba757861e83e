"""The casts of a lesson: the base pair, which rotates by lesson, and M candidates drawn by selection."""

from __future__ import annotations

from collections.abc import Sequence

from master_autogen.draws import choose
from master_autogen.errors import UserError
from master_autogen.pool import Pool
from master_autogen.records import Cast, Origin, Pair
from master_autogen.scenario import Scenario


def check_cast(scenario: Scenario, pool: Pool) -> None:
    """Raise `UserError` where the pool has nobody for a role, or a worded agent for a phase that names no act."""
    for role in scenario.outside_pair:
        if role not in pool.fixed:
            raise UserError(
                f"pool {pool.name!r} has nobody for the role {role!r} of scenario {scenario.name!r}: "
                f"name an agent under `fixed`, as in `fixed: {{{role}: {next(iter(pool.agents))}}}`"
            )
    for role, names in _players(scenario, pool).items():
        worded = [name for name in names if pool.agents[name].worded]
        if worded and any(phase.role == role and phase.act is None for phase in scenario.script):
            raise UserError(
                f"pool {pool.name!r} cannot play scenario {scenario.name!r}: its agent {worded[0]!r} only words what "
                f"code lays down, and a phase of role {role!r} names no `act`; choose another pool with --pool"
            )


def _players(scenario: Scenario, pool: Pool) -> dict[str, list[str]]:
    players = {role: [pool.fixed[role]] for role in scenario.outside_pair}
    players.setdefault(scenario.pair.instruction, []).extend(pool.instruction)
    players.setdefault(scenario.pair.response, []).extend(pool.response)
    return players


def cast_lesson(
    scenario: Scenario,
    pool: Pool,
    probabilities: Sequence[float],
    *,
    position: int,
    candidates: int,
    key: tuple[object, ...],
    remembered: Sequence[float] | None = None,
) -> tuple[Cast, ...]:
    """The base cast, then `candidates` casts drawn with replacement from `pool.pairs` by `probabilities`.

    `remembered` are the probabilities that the memory bank gives for this instruction, where it knows anything: half of
    the candidates are drawn by them (`l` of `M`, Star-Agents step 3). `position` is the seed's place in the round: base
    pairs take turns by it, so that every scenario meets each. `key` is what the draws hang on: (random_seed, scenario,
    round, seed id); slot k of the lesson draws with (*key, k, "pair", 1).
    """
    base = pool.base_pairs[position % len(pool.base_pairs)]
    casts = [_cast(scenario, pool, base, "base", None)]
    for slot in range(1, candidates + 1):
        known = remembered if slot <= candidates // 2 else None
        weights = probabilities if known is None else known
        arm = choose(range(len(pool.pairs)), *key, slot, "pair", 1, weights=weights)
        origin: Origin = "selection" if known is None else "memory_bank"
        casts.append(_cast(scenario, pool, pool.pairs[arm], origin, weights[arm]))
    return tuple(casts)


def _cast(scenario: Scenario, pool: Pool, pair: Pair, origin: Origin, probability: float | None) -> Cast:
    agents = {role: pool.fixed[role] for role in scenario.outside_pair}
    agents |= {scenario.pair.instruction: pair.instruction, scenario.pair.response: pair.response}
    return Cast(
        pair=pair, agents={role: agents[role] for role in scenario.roles}, origin=origin, probability=probability
    )
