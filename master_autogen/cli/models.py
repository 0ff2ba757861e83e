"""`master-autogen models`: who can be cast from a pool, and whether its models answer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
from rich.console import Console

from master_autogen.cli.end import facts
from master_autogen.cli.groups import VerbGroup
from master_autogen.cli.terminal import cell, console, heading, table

if TYPE_CHECKING:
    from master_autogen.models.providers import ModelCheck
    from master_autogen.pool import Pool

pool_option = click.option("--pool", default="local", show_default=True, help="Pool to look at, a name or a file")


@click.group(cls=VerbGroup)
def models() -> None:
    """List the agents of a pool, or check that its models answer"""


@models.command("list")
@pool_option
def list_(pool: str) -> None:
    """List the agents of a pool"""
    from master_autogen.pool import read_pool

    print_pool(console(), read_pool(pool))


def print_pool(to: Console, pool: Pool) -> None:
    made = table("agent", "model", "provider", "temp", "worded", "plays", right=("temp",), wide=("model", "plays"))
    for name, agent in pool.agents.items():
        model = pool.models[agent.model]
        worded = "yes" if agent.worded else "no"
        plays = ", ".join(sides(pool, name)) or None
        named = (cell(name), cell(model.model or agent.model), cell(model.provider))
        made.add_row(*named, f"{agent.temperature:g}", worded, cell(plays))
    heading(to, f"Pool {pool.name}")
    if pool.summary:
        to.print(cell(pool.summary))
    to.print()
    to.print(made)
    to.print()
    scorers = [name for name in (pool.scorers.small, pool.scorers.large) if name]
    checkable = " whose answer code can check" if pool.checkable_only else ""
    facts(
        to,
        {
            "Pairs": f"{len(pool.pairs)} to select from",
            "Judge": ", ".join(pool.judges) or "verifier",
            "Scorers": ", ".join(scorers) or "none",
            "Seeds": f"of kind {', '.join(pool.kinds)}{checkable}",
        },
    )


def sides(pool: Pool, agent: str) -> list[str]:
    """What an agent of a pool is cast as."""
    found = [side for side, names in (("instruction", pool.instruction), ("response", pool.response)) if agent in names]
    found += ["base"] if any(agent in (pair.instruction, pair.response) for pair in pool.base_pairs) else []
    found += [role for role, name in pool.fixed.items() if name == agent]
    return found + (["judge"] if agent in pool.judges else [])


@models.command()
@pool_option
def check(pool: str) -> None:
    """Ask each model of a pool for one token"""
    from master_autogen.pool import read_pool

    asked = read_pool(pool)
    found = asyncio.run(ask_all(asked))
    print_checks(console(), asked, found)
    sys.exit(0 if all(answer.ok for answer in found) else 2)


async def ask_all(pool: Pool) -> list[ModelCheck]:
    """What each model of the pool says, all asked at the same time."""
    from master_autogen.models.providers import build_clients

    clients = build_clients(pool)
    try:
        return await asyncio.gather(*(clients.check(name) for name in pool.models))
    finally:
        await clients.close()


def print_checks(to: Console, pool: Pool, found: Sequence[ModelCheck]) -> None:
    made = table("model", "provider", "ok", "took", "said", right=("took",), wide=("model", "said"))
    for answer in found:
        ok = cell("yes", "green") if answer.ok else cell("no", "bold red")
        said = cell(answer.error, "red") if answer.error is not None else cell(repr(answer.text))
        made.add_row(cell(answer.name), cell(pool.models[answer.name].provider), ok, f"{answer.latency_s:.2f} s", said)
    heading(to, f"Pool {pool.name}")
    to.print(made)
