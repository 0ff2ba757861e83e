"""What makes a run what it is, and how its seeds are shared out over rounds."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

from master_autogen.casting import check_cast, is_opening
from master_autogen.checks import OwnChecks, require_code_check
from master_autogen.errors import UserError
from master_autogen.grading.difficulty import NORMALISERS, Normaliser
from master_autogen.grading.quality import Rubric
from master_autogen.pool import Pool
from master_autogen.records import CodeCheck, Seed
from master_autogen.scenario import Scenario
from master_autogen.selection import BETA, DEFAULT, FLOOR, RULES, enough
from master_autogen.wording import can_play

SEEDS_PER_ROUND = 100
MAX_BETA = 1e6
"""The paper's rule is settled by the last reward long before that, and overflows far beyond it."""


@dataclass(frozen=True)
class Inputs:
    """All that makes a run what it is; the same inputs are the same run.

    `scenarios`, `pool` and `seeds` are what is played; at most `limit` seeds, spread evenly over `rounds`, or
    `seeds_per_round` each, or 100 each. `target`: the run ends when so many lessons are accepted, counted in lesson
    order. `rubric` None: the verifier judges, even where the pool names a judge. `candidates` a lesson, beside its
    base; "auto": fewer the surer selection is.

    `rule` of selection, with `beta`, the evolution rate of "paper" (eq. 8), and `floor`, the share of the best pair's
    reward that "thompson-cost" asks of a cheaper one. `random_seed`: all draws hang on it. `normaliser`: how the gap of
    difficulty is scaled, by earlier rounds ("running") or to the letter of eq. 5 ("paper"). `code_check`: how programs
    are run to check programming answers. `own_checks`: the user's files of checks, which have to be known while the run
    goes on. `files` says under which name or path "pool" and each "scenario:NAME" was found; no part of what the run
    is.
    """

    scenarios: Sequence[Scenario]
    pool: Pool
    seeds: Sequence[Seed]
    rubric: Rubric | None = None
    limit: int | None = None
    rounds: int | None = None
    seeds_per_round: int | None = None
    candidates: int | Literal["auto"] = 2
    target: int | None = None
    rule: str = DEFAULT
    beta: float = BETA
    floor: float = FLOOR
    random_seed: int = 0
    normaliser: Normaliser = "running"
    code_check: CodeCheck = "off"
    files: Mapping[str, str] = field(default_factory=dict)
    own_checks: Sequence[OwnChecks] = ()

    @property
    def shared_families(self) -> list[str]:
        """Model families that a judge shares with an agent that may be cast; none where the verifier judges."""
        return self.pool.judge_families if self.rubric else []

    def candidates_for(self, probabilities: Sequence[float]) -> int:
        """How many candidates a lesson gets; with "auto", fewer the surer the selection of its round is."""
        return enough(probabilities) if self.candidates == "auto" else self.candidates

    def identity(self) -> str:
        """The first 8 hex digits of a hash over everything here: the run's id."""
        document = {
            "seeds": [(seed.id, seed.answer, seed.kind) for seed in self.seeds],
            "scenarios": [scenario.model_dump(mode="json") for scenario in self.scenarios],
            "pool": self.pool.model_dump(mode="json"),
            "rubric": self.rubric.model_dump(mode="json") if self.rubric else None,
            "settings": self.settings(),
        }
        if self.own_checks:
            document["checks"] = [file.sha256 for file in self.own_checks]
        text = json.dumps(document, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]

    def settings(self) -> dict[str, Any]:
        return {
            "scenarios": [scenario.name for scenario in self.scenarios],
            "pool": self.pool.name,
            "judge": self.rubric.name if self.rubric else "verifier",
            "limit": self.limit,
            "rounds": self.rounds,
            "seeds_per_round": self.seeds_per_round,
            "candidates": self.candidates,
            "target": self.target,
            "rule": self.rule,
            "beta": self.beta,
            "floor": self.floor,
            "random_seed": self.random_seed,
            "normaliser": self.normaliser,
            "code_check": self.code_check,
        }


def split_rounds(seeds: Sequence[Seed], rounds: int | None, per_round: int | None) -> list[Sequence[Seed]]:
    """Fresh seeds for each round: `per_round` each, or spread evenly over `rounds`, or 100 each."""
    if per_round is None and rounds is not None:
        size, more = divmod(len(seeds), rounds)
        if size == 0:
            raise UserError(f"{rounds} rounds need at least {rounds} seeds; {len(seeds)} can be played")
        cuts = [i * size + min(i, more) for i in range(rounds + 1)]
    else:
        step = per_round or SEEDS_PER_ROUND
        last = len(seeds) if rounds is None else min(len(seeds), step * rounds)
        cuts = [*range(0, last, step), last]
    return [seeds[a:b] for a, b in pairwise(cuts) if b > a]


def check_inputs(inputs: Inputs) -> None:
    """Raise `UserError` for inputs that cannot be played, before anything is written or asked."""
    if inputs.rule not in RULES:
        raise UserError(f"no selection rule {inputs.rule!r}; there are: {', '.join(RULES)}")
    if inputs.normaliser not in NORMALISERS:
        raise UserError(f"no normaliser {inputs.normaliser!r}; there are: {', '.join(NORMALISERS)}")
    _check_numbers(inputs)
    if not inputs.scenarios:
        raise UserError("no scenario to play")
    names = [scenario.name for scenario in inputs.scenarios]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise UserError(f"scenario {twice[0]!r} is named twice")
    for scenario in inputs.scenarios:
        check_cast(scenario, inputs.pool)
    require_code_check(inputs.code_check)


def _check_numbers(inputs: Inputs) -> None:
    # Each is written so that it is not true of "not a number" either.
    if not 0 < inputs.beta <= MAX_BETA:
        raise UserError(f"beta is {inputs.beta:g}: it has to be over 0 and at most {MAX_BETA:,.0f}")
    if not 0 <= inputs.floor <= 1:
        raise UserError(f"floor is {inputs.floor:g}: it is a share, from 0 to 1")
    if not -(2**63) <= inputs.random_seed < 2**63:
        raise UserError(f"the random seed {inputs.random_seed} is too long for the log, which holds 64 bits")


def plays(scenario: Scenario, pool: Pool, seed: Seed, code_check: CodeCheck = "off") -> str | None:
    """Why `scenario` is not played on `seed` with `pool`; None if it is."""
    if seed.kind not in pool.kinds:
        return f"pool {pool.name} plays no seeds of kind {seed.kind}"
    if pool.checkable_only and not seed.checkable_by(code_check):
        return f"pool {pool.name} plays only seeds whose answer code can check"
    if seed.kind not in scenario.kinds:
        return f"{scenario.name} plays no seeds of kind {seed.kind}"
    if scenario.similar and not is_opening(seed):
        return f"{scenario.name} keeps this seed as a similar question"
    if any(agent.worded for agent in pool.agents.values()):
        for act, names in dict.fromkeys((phase.act, tuple(phase.misconceptions)) for phase in scenario.script):
            # The similar question is found later, among seeds that passed this very test with their own solution.
            if act is not None and (why := can_play(act, seed, seed, names or None)) is not None:
                return why
    return None


def sort_out(inputs: Inputs) -> tuple[list[Seed], Counter[str]]:
    """The seeds that at least one scenario plays, within the limit, and how many are left out, by reason."""
    playable: list[Seed] = []
    left_out: Counter[str] = Counter()
    for seed in inputs.seeds:
        reasons = [plays(scenario, inputs.pool, seed, inputs.code_check) for scenario in inputs.scenarios]
        if all(reasons):
            left_out[str(reasons[0])] += 1
        elif inputs.limit is not None and len(playable) >= inputs.limit:
            left_out["over --limit"] += 1
        else:
            playable.append(seed)
    if not playable:
        why = "; ".join(f"{reason} ({count})" for reason, count in left_out.items()) or "there are none"
        read = any(seed.checkable_by(inputs.code_check) for seed in inputs.seeds)
        if inputs.pool.checkable_only and inputs.seeds and not read:
            why += "; and none has an answer that code can check: as a number alone, or in a column `answer`"
        raise UserError(f"none of the {len(inputs.seeds)} seeds can be played: {why}")
    return playable, left_out


def similar_pool(inputs: Inputs) -> list[Seed]:
    """The seeds from which similar questions may be drawn: all that the pool could play, limit or not."""
    return [
        seed
        for seed in inputs.seeds
        if any(
            s.similar and plays(s.model_copy(update={"similar": False}), inputs.pool, seed, inputs.code_check) is None
            for s in inputs.scenarios
        )
    ]
