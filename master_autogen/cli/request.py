"""From the options of `run` to what the pipeline plays, and how that is said before it begins."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from master_autogen.errors import UserError

if TYPE_CHECKING:
    from master_autogen.grading.quality import Rubric
    from master_autogen.pipeline import Inputs
    from master_autogen.pool import Pool
    from master_autogen.records import Kind, Seed
    from master_autogen.seeds import SeedSet

SCENARIOS = ("error_correction", "debate", "analogical_reasoning")
"""What is played where no scenario is named: those of the MASTER paper."""

BUNDLED = "bundled"
ENDPOINT = (
    "MASTER_AUTOGEN_BASE_URL=http://localhost:8000/v1 MASTER_AUTOGEN_MODELS=small,large OPENAI_API_KEY=key "
    "master-autogen run --pool endpoint"
)
"""How to name a stronger model, as it has to be typed."""

NO_ANSWER = (
    "no seed has an answer that code can check, so wrong ones are not found out; name their column, as in --columns "
    "instruction=question,response=solution,answer=result (programs are run with --code-check)"
)

HUB_MARGIN = 4
"""Seeds taken from the hub for each that `--limit` asks for: some cannot be played, some are wanted as similar ones."""


@dataclass(frozen=True)
class Size:
    """How much is played; None is no bound."""

    limit: int | None
    rounds: int | None
    seeds_per_round: int | None
    candidates: int | Literal["auto"]


def size(
    seeds: str,
    limit: int | None,
    rounds: int | None,
    per_round: int | None,
    candidates: int | Literal["auto"] | None,
    target: int | None = None,
) -> Size:
    """What was asked for; for the bundled seeds, where nothing was, a first look: 4 seeds, 2 rounds, 1 candidate."""
    if seeds == BUNDLED and (limit, rounds, per_round, candidates, target) == (None,) * 5:
        return Size(limit=4, rounds=2, seeds_per_round=None, candidates=1)
    return Size(limit, rounds, per_round, 2 if candidates is None else candidates)


def read_columns(text: str | None) -> dict[str, str] | None:
    """`instruction=question,response=answer` as a mapping; UserError where it is not written so."""
    if text is None:
        return None
    columns: dict[str, str] = {}
    for part in text.split(","):
        field, equals, column = part.partition("=")
        if not (field.strip() and equals and column.strip()):
            example = "instruction=question,response=answer"
            raise UserError(f"--columns: {part.strip()!r} is not FIELD=COLUMN, as in {example}")
        columns[field.strip()] = column.strip()
    return columns


def read_seeds(
    source: str, preset: str | None, columns: str | None, split: str, kind: Kind | None, limit: int | None
) -> SeedSet:
    """The seeds of `source`; all of a file, because similar questions are looked for beyond the limit."""
    from master_autogen.seeds import load_seeds

    here = source == BUNDLED or os.path.exists(source)
    most = None if here or limit is None else HUB_MARGIN * limit
    return load_seeds(source, preset=preset, columns=read_columns(columns), split=split, limit=most, kind=kind)


def judge_of(pool: Pool, named: str | None) -> Rubric | None:
    """The judge file that the pool or `--judge` names; None where the verifier judges."""
    from master_autogen.grading.quality import read_rubric
    from master_autogen.pool import VERIFIER

    if named == VERIFIER or (named is None and not pool.judges):
        return None
    if not pool.judges:
        raise UserError(
            f"--judge {named}: pool {pool.name!r} has no agent that judges; "
            "name one under `judge` in the pool file, or choose another pool with --pool"
        )
    return read_rubric(named or pool.rubric)


def announced(inputs: Inputs, loaded: SeedSet) -> dict[str, str]:
    """What is about to be played, and how it is graded, by name."""
    bound = "" if inputs.limit is None else f", at most {inputs.limit} played"
    told = {
        "Play": ", ".join(scenario.name for scenario in inputs.scenarios),
        "Seeds": f"{len(loaded.seeds):,} from {loaded.source}{bound}",
        "Pool": f"{inputs.pool.name}: {inputs.pool.summary or 'no summary'}",
        "Grades": how_graded(inputs.pool, inputs.rubric, inputs.candidates),
    }
    if inputs.candidates and inputs.shared_families:
        told["Beware"] = shared_family(inputs.shared_families)
    if not any(seed.checkable_by(inputs.code_check) for seed in inputs.seeds):
        told["Unread"] = NO_ANSWER
    return told


def shared_family(families: Sequence[str]) -> str:
    """What it means that a judge is of the same family as an agent it judges."""
    return (
        f"the judge is of the same model family as agents it judges ({', '.join(families)}), and such judges prefer "
        "their own kind; name another under `judge` in the pool file"
    )


def how_graded(pool: Pool, rubric: Rubric | None, candidates: int | Literal["auto"]) -> str:
    """The basis of pi in words, said once as the run begins."""
    from master_autogen.grading.composite import basis

    if not candidates:
        return "pi is not measured: without candidates there is nothing to compare"
    small, large = pool.scorers.small, pool.scorers.large
    formula = {
        "dual": f"pi = pi_llm x pi_dual, difficulty by two scorers ({small}, {large})",
        "single": f"pi = pi_llm x IFD, difficulty by one scorer ({small or large})",
        "judge": "pi = pi_llm, no scorer",
    }[basis(small is not None, large is not None)]
    by = (
        "the verifier: verdicts from checks alone"
        if rubric is None
        else f"{', '.join(pool.judges)}, by the file {rubric.name}"
    )
    return f"{formula}; pi_llm by {by}"


def only_words(pool: Pool) -> bool:
    """Whether a pool has agents that word what code lays down, and is for a first look."""
    return any(agent.worded for agent in pool.agents.values())


def where_seeds_went(
    loaded: SeedSet, seeds: Sequence[Seed], not_played: Mapping[str, int], played: int
) -> tuple[int, dict[str, int]]:
    """How many rows were read, and where those went that were not played, by reason: the two add up with `played`."""
    left_out = Counter(not_played)
    if loaded.duplicates:
        left_out["the same seed once more"] += loaded.duplicates
    if loaded.refused:
        first = loaded.refused[0]
        left_out[f"refused; the first at {first.where}: {first.why}"] += len(loaded.refused)
    if beyond := len(seeds) - played - sum(not_played.values()):
        left_out["no lesson planned: beyond the last round, or no similar question"] += beyond
    return len(seeds) + loaded.duplicates + len(loaded.refused), dict(left_out)
