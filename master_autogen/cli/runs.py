"""`master-autogen runs`: which runs a log holds, and what one of them came to."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click
from rich.console import Console
from rich.text import Text

from master_autogen.cli.datasette import datasette
from master_autogen.cli.end import facts, print_next, print_summary
from master_autogen.cli.groups import VerbGroup, log_option, run_argument
from master_autogen.cli.judge import print_judge, read_labels
from master_autogen.cli.ledger import BYS, By, print_checks, print_votes, print_who
from master_autogen.cli.mark import mark
from master_autogen.cli.progress import STATUSES
from master_autogen.cli.summary import Spent, spent, summarise
from master_autogen.cli.terminal import (
    beginning,
    cell,
    console,
    counted,
    duration,
    heading,
    money,
    number,
    short_count,
    table,
)

if TYPE_CHECKING:
    from master_autogen.log import CallTotal, LessonRow, RunView

K = TypeVar("K", bound=Hashable)


@click.group(cls=VerbGroup)
def runs() -> None:
    """List, show or browse runs, or mark episodes"""


@runs.command("list")
@log_option
def list_(log: Path) -> None:
    """List the runs of a log"""
    from master_autogen.log import list_runs, open_log

    with closing(open_log(log)) as db:
        found = list_runs(db)
    print_runs(console(), found)


def print_runs(to: Console, found: Sequence[RunView]) -> None:
    numbers = ("accepted", "calls", "tokens", "cost")
    made = table("run", "began", "status", "pool", *numbers, right=numbers, wide=("pool",))
    for run in found:
        made.add_row(
            run.id,
            moment(run.started),
            run.status,
            cell(run.config.get("pool")),
            f"{run.lessons.get('accepted', 0)} of {sum(run.lessons.values())}",
            f"{run.calls:,}",
            short_count(run.prompt_tokens + run.completion_tokens),
            cell(None if run.cost is None else money(run.cost)),
        )
    to.print(made)


def moment(seconds: float) -> str:
    """Unix time as local date and time."""
    return datetime.fromtimestamp(seconds).strftime("%Y-%m-%d %H:%M")


@runs.command()
@run_argument
@log_option
@click.option("--lessons", is_flag=True, help="List the lessons with their ids")
@click.option(
    "--human",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="People's verdicts to hold the judge against, one JSON object a line",
)
@click.option(
    "--by",
    type=click.Choice(BYS),
    default="phase",
    show_default=True,
    help="Group the check results by this",
)
def show(run_id: str | None, log: Path, lessons: bool, human: Path | None, by: By) -> None:
    """Show what a RUN came to, the latest where none is named"""
    from master_autogen.log import lesson_rows, open_log, run_grades

    labels = None if human is None else read_labels(human)
    with closing(open_log(log)) as db:
        summary = summarise(db, run_id)
        grades = run_grades(db, summary.run.id)
        listed = lesson_rows(db, summary.run.id) if lessons else []
    to = console()
    print_run(to, summary.run)
    print_summary(to, summary)
    to.print()
    print_calls(to, summary.totals.calls)
    print_checks(to, summary.totals.checks, by)
    print_who(to, summary.totals.checks, summary.totals.turns)
    print_votes(to, summary.totals.votes)
    print_judge(to, grades, summary.run.config.get("judge_shares_family", ()), labels)
    if lessons:
        print_lesson_ids(to, listed)
    print_next(to, summary, log, lessons_shown=lessons)


def print_run(to: Console, run: RunView) -> None:
    took = "" if run.ended is None else f", took {duration(run.ended - run.started)}"
    said = ("scenarios", "pool", "judge", "limit", "rounds", "seeds_per_round", "candidates", "rule", "beta")
    config = {name: run.config[name] for name in said if run.config.get(name) is not None}
    config["scenarios"] = ", ".join(config.get("scenarios", ()))
    named = {
        "Run": f"{run.id}, {run.status}; began {moment(run.started)}{took}",
        "Played": "; ".join(f"{name.replace('_', ' ')} {value}" for name, value in config.items() if value),
        "Versions": ", ".join(f"{name} {value}" for name, value in run.versions.items()),
    }
    facts(to, {name: value for name, value in named.items() if value})
    to.print()


def print_calls(to: Console, rows: Sequence[CallTotal]) -> None:
    """Calls by purpose, agent and model, then by role, then by round; all tables come to the same sum."""
    if not rows:
        return
    sums = spent(rows)
    left_out = {"failed": not sums.failed, "cost": sums.cost is None}
    columns = [name for name in _cells(sums) if not left_out.get(name)]
    made = table("for", "agent", "model", *columns, right=columns, wide=("agent", "model"))
    for (purpose, agent, model), mine in _grouped(rows, lambda row: (row.purpose, row.agent, row.model)):
        made.add_row(purpose, cell(agent), cell(model), *(mine[name] for name in columns))
    made.add_section()
    made.add_row("all", "", "", *(_cells(sums)[name] for name in columns))
    heading(to, "Calls by agent", "in, out: tokens")
    to.print(made)
    to.print()
    made = table("role", *columns, right=columns, wide=("role",))
    for role, mine in _grouped(rows, lambda row: row.role):
        made.add_row(role or "(no turn counted)", *(mine[name] for name in columns))
    made.add_section()
    made.add_row("all", *(_cells(sums)[name] for name in columns))
    heading(to, "Calls by role", "judge, score: the evaluators")
    to.print(made)
    to.print()
    made = table("round", *columns, right=("round", *columns))
    for at, mine in _grouped(rows, lambda row: row.round):
        made.add_row(str(at), *(mine[name] for name in columns))
    made.add_section()
    made.add_row("all", *(_cells(sums)[name] for name in columns))
    heading(to, "Calls by round")
    to.print(made)
    to.print()


def _grouped(rows: Sequence[CallTotal], key: Callable[[CallTotal], K]) -> list[tuple[K, dict[str, Text]]]:
    groups: dict[K, list[CallTotal]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [(name, _cells(spent(mine))) for name, mine in groups.items()]


def _cells(sums: Spent) -> dict[str, Text]:
    return {
        "calls": cell(f"{sums.calls:,}"),
        "in": cell(short_count(sums.prompt_tokens)),
        "out": cell(short_count(sums.completion_tokens)),
        "failed": cell(f"{sums.failed:,}", "red" if sums.failed else "dim"),
        "cost": cell(None if sums.cost is None else money(sums.cost)),
    }


def print_lesson_ids(to: Console, rows: Sequence[LessonRow]) -> None:
    """A line a lesson: what `replay` takes, and the beginning of the question."""
    names = ("lesson", "round", "scenario", "status", "selected", "pi", "question")
    made = table(*names, right=("round", "pi"), wide=("question",))
    for row in rows:
        status = cell(row.status, STATUSES.get(row.status, ""))
        slot = "-" if row.selected_episode_id is None else row.selected_episode_id.removeprefix(row.id)
        question = beginning(row.instruction)
        made.add_row(row.id, str(row.round), row.scenario, status, slot, cell(number(row.pi)), question)
    heading(to, counted(len(rows), "lesson"), "selected: what to put after the id for `replay`")
    to.print(made)


runs.add_command(mark)
runs.add_command(datasette)
