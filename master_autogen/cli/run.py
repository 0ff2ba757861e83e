"""`master-autogen run`: read what is to be played, play it, show what came of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from master_autogen.cli import request
from master_autogen.cli.groups import CODE_CHECKS, DEFAULT_LOG, checks_option
from master_autogen.cli.invocation import Invocation
from master_autogen.cli.terminal import console
from master_autogen.grading.difficulty import NORMALISERS
from master_autogen.selection import BETA, DEFAULT, FLOOR, RULES

if TYPE_CHECKING:
    from master_autogen.grading.difficulty import Normaliser
    from master_autogen.pipeline.run import EngineName
    from master_autogen.records import CodeCheck, Kind

KINDS = ("math", "code", "choice", "general")
"""Those of `records`, which would load pydantic for `--help`."""
ENGINES = ("local", "processes")
"""Those of `pipeline.run`, for the same reason."""


class Candidates(click.ParamType):  # type: ignore[type-arg]
    """A whole number from 0, or `auto`."""

    name = "number"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        text = str(value)
        if text == "auto":
            return text
        if not text.isdecimal():
            self.fail(f"{text!r} is neither a whole number from 0 nor auto.", param, ctx)
        return int(text)


@click.command()
@click.argument("scenario_names", metavar="[SCENARIO]...", nargs=-1)
@click.option(
    "--seeds",
    default=request.BUNDLED,
    show_default=True,
    metavar="SOURCE",
    help="Seeds to play: bundled, a file, or a data set on the Hugging Face hub",
)
@click.option("--preset", help="Layout of a well-known data set, as in gsm8k or alpaca")
@click.option(
    "--columns", metavar="FIELD=COLUMN,...", help="Columns of the seeds, as in instruction=question,response=answer"
)
@click.option("--split", default="train", show_default=True, help="Split of a data set on the hub")
@click.option("--kind", type=click.Choice(KINDS), help="Kind of the seeds that do not say their own")
@checks_option
@click.option(
    "--pool",
    default="local",
    show_default=True,
    help="Models that play: a pool's name (local, endpoint, scripted) or file",
)
@click.option("--judge", help="Judge to ask in place of the pool's: verifier, or a judge file's name")
@click.option(
    "--rounds", type=click.IntRange(min=1), help="Rounds to split the seeds over; selection learns after each"
)
@click.option("--seeds-per-round", type=click.IntRange(min=1), help="Fresh seeds in each round")
@click.option("--candidates", type=Candidates(), help="Candidate episodes a lesson, beside its base, or auto  [2]")
@click.option("--limit", type=click.IntRange(min=1), help="Seeds to play in all")
@click.option("--target", type=click.IntRange(min=1), help="Stop when so many lessons are accepted")
@click.option(
    "--budget",
    metavar="AMOUNT",
    help="Stop when this is spent, as in 5usd or 2Mtok; given more, the same command goes on",
)
@click.option("--preview", is_flag=True, help="Show the first prompts and what it would come to; ask nothing")
@click.option(
    "--rule", type=click.Choice(list(RULES)), default=DEFAULT, show_default=True, help="How grades choose the next cast"
)
@click.option(
    "--beta",
    type=click.FloatRange(min=0, min_open=True),
    default=BETA,
    show_default=True,
    help="How fast the rule paper learns (its evolution rate)",
)
@click.option(
    "--floor",
    type=click.FloatRange(min=0, max=1),
    default=FLOOR,
    show_default=True,
    help="Share of the best pair's reward that a cheaper pair has to promise (rule thompson-cost)",
)
@click.option(
    "--normaliser",
    type=click.Choice(NORMALISERS),
    default="running",
    show_default=True,
    help="How difficulty is scaled: by earlier rounds, or as the paper has it (eq. 5)",
)
@click.option(
    "--code-check",
    type=click.Choice(CODE_CHECKS),
    default="off",
    show_default=True,
    help="Run programs that models write to check them: in bubblewrap, or under limits alone",
)
@click.option("--random-seed", type=int, default=0, show_default=True, help="Number that all random draws come from")
@click.option(
    "--concurrency", type=click.IntRange(min=1), default=16, show_default=True, help="Lessons played at the same time"
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default=ENGINES[0],
    show_default=True,
    help="Play in this process, or in worker processes, each of which loads an embedded model for itself",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Worker processes of --engine processes  [one a core]",
)
@click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_LOG,
    show_default=True,
    help="Log file to write, made if it is not there",
)
@click.option("--new", is_flag=True, help="Play a finished run once more, from the start")
@click.option("--quiet", is_flag=True, help="Print nothing but the end")
def run(
    scenario_names: tuple[str, ...],
    seeds: str,
    preset: str | None,
    columns: str | None,
    split: str,
    kind: Kind | None,
    checks: tuple[Path, ...],
    pool: str,
    judge: str | None,
    rounds: int | None,
    seeds_per_round: int | None,
    candidates: int | Literal["auto"] | None,
    limit: int | None,
    target: int | None,
    budget: str | None,
    preview: bool,
    rule: str,
    beta: float,
    floor: float,
    normaliser: Normaliser,
    code_check: CodeCheck,
    random_seed: int,
    concurrency: int,
    engine: EngineName,
    workers: int | None,
    log: Path,
    new: bool,
    quiet: bool,
) -> None:
    """Play lessons and log them

    Without a SCENARIO the three of the MASTER paper are played. Without any option they are played on 4 bundled seeds,
    in 2 rounds with 1 candidate, by the small model that comes along. The same command goes on with a run that was
    stopped.
    """
    from master_autogen.checks import own_checks
    from master_autogen.cli.preview import print_preview
    from master_autogen.pipeline import Inputs
    from master_autogen.pipeline.limits import read_budget
    from master_autogen.pool import read_pool
    from master_autogen.scenario import read_scenario

    if workers is not None and engine != "processes":
        raise click.UsageError("--workers goes with --engine processes.")
    own = click.get_current_context().with_resource(own_checks(checks))
    size = request.size(seeds, limit, rounds, seeds_per_round, candidates, target)
    spend = None if budget is None else read_budget(budget)
    played_by = read_pool(pool)
    named = scenario_names or request.SCENARIOS
    scenarios = [read_scenario(name) for name in named]
    rubric = request.judge_of(played_by, judge)
    loaded = request.read_seeds(seeds, preset, columns, split, kind, size.limit)
    inputs = Inputs(
        scenarios=scenarios,
        pool=played_by,
        seeds=loaded.seeds,
        rubric=rubric,
        limit=size.limit,
        rounds=size.rounds,
        seeds_per_round=size.seeds_per_round,
        candidates=size.candidates,
        target=target,
        rule=rule,
        beta=beta,
        floor=floor,
        normaliser=normaliser,
        code_check=code_check,
        random_seed=random_seed,
        own_checks=own,
        files={"pool": pool} | {f"scenario:{s.name}": name for s, name in zip(scenarios, named, strict=True)},
    )
    if preview:
        print_preview(console(), inputs, log, concurrency)
        return
    invocation = Invocation(
        inputs,
        loaded,
        log,
        pool=pool,
        concurrency=concurrency,
        new=new,
        quiet=quiet,
        budget=spend,
        engine=engine,
        workers=workers or os.cpu_count() or 1,
    )
    sys.exit(invocation.play())
