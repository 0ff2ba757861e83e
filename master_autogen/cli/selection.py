"""`master-autogen selection`: which pairs a run casts, and how their probabilities went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.table import Table

from master_autogen.cli.groups import VerbGroup, log_option, run_argument
from master_autogen.cli.run import KINDS
from master_autogen.cli.summary import Topic, by_topic, note_of
from master_autogen.cli.terminal import bar, cell, console, heading, number, sparkline, table
from master_autogen.errors import UserError

if TYPE_CHECKING:
    from master_autogen.log import Database
    from master_autogen.records import Kind, Pair, SelectionRow

Rounds = Mapping[int, Mapping["Pair", "SelectionRow"]]

BAR = 8
NUMBER = 6  # columns of a probability: 0.123 and a space
LONGEST_SPARK = 20

_POSTERIOR = (
    "mean: of what the pair earned. 95 %: the posterior's interval of that mean, from what the pair earned and what "
    "its two agents earned in other pairs"
)
_WILSON = "mean: of what the pair earned. 95 %: Wilson's interval of that mean"
INTERVALS = {"thompson": _POSTERIOR, "thompson-cost": _POSTERIOR, "paper": _WILSON, "uniform": _WILSON}
"""What the interval of a pair is, by rule."""


@click.group(cls=VerbGroup)
def selection() -> None:
    """Show the probabilities that cast a run, or their history"""


selection.default = "show"


@selection.command()
@run_argument
@log_option
def show(run_id: str | None, log: Path) -> None:
    """Show what the latest round of a RUN leads to

    Per scenario and task type: how likely each pair is cast next, and what it has earned.
    """
    found, topics, last = _read(log, run_id, None, None)
    to = console()
    to.print(cell(f"Run {found}, {_stage(max(max(rounds) for rounds in topics.values()), last)}", "dim"))
    rules: dict[str, None] = {}
    for topic, rounds in topics.items():
        some = next(iter(rounds[max(rounds)].values()))
        rules[some.rule] = None
        to.print()
        heading(to, str(topic), f"cast by {some.rule}")
        to.print(latest(rounds))
        if note := note_of(rounds):
            to.print(cell(f"Note: {note}"))
    to.print()
    for caption in dict.fromkeys(INTERVALS[rule] for rule in rules):
        to.print(cell(caption, "dim"))


@selection.command()
@run_argument
@log_option
@click.option("--scenario", help="Show this scenario alone")
@click.option("--task-type", type=click.Choice(KINDS), help="Show this task type alone")
def history(run_id: str | None, log: Path, scenario: str | None, task_type: Kind | None) -> None:
    """Show the probability of each pair, round by round"""
    found, topics, last = _read(log, run_id, scenario, task_type)
    to = console()
    to.print(cell(f"Run {found}", "dim"))
    for topic, rounds in topics.items():
        low, high = bounds(rounds)
        to.print()
        heading(to, str(topic), f"blocks from {low:.3f} to {high:.3f}")
        to.print(course(rounds, last, to.width))


def _read(
    log: Path, run_id: str | None, scenario: str | None, task_type: Kind | None
) -> tuple[str, dict[Topic, dict[int, dict[Pair, SelectionRow]]], int]:
    """The run's id, its selections by topic and round, and the last round that was played."""
    from master_autogen.log import get_run, lesson_rows, open_log, selection_history

    with closing(open_log(log)) as db:
        found = get_run(db, run_id).id
        topics = by_topic(selection_history(db, found, scenario, task_type))
        if not topics:
            raise _nothing(db, found)
        return found, topics, max((row.round for row in lesson_rows(db, found)), default=0)


def _nothing(db: Database, run_id: str) -> UserError:
    from master_autogen.log import selection_history

    known = ", ".join(f"{topic.scenario} {topic.task_type}" for topic in by_topic(selection_history(db, run_id)))
    if not known:
        return UserError(f"run {run_id} has no selection yet: no round of it was planned")
    return UserError(f"run {run_id} has no such selection; it has, by scenario and task type: {known}")


def _stage(number: int, last: int) -> str:
    return f"after round {last}" if number > last else f"as round {number} is cast"


def latest(rounds: Rounds) -> Table:
    """The pairs of a topic by falling probability, with what all rounds have shown of them."""
    rows = sorted(rounds[max(rounds)].values(), key=lambda row: -row.probability)
    right = ("probability", "pulls", "mean")
    made = table("pair", "probability", "", "pulls", "mean", "95 %", right=right, wide=("pair",))
    for row in rows:
        mean = row.reward_sum / row.pulls if row.pulls else None
        made.add_row(
            cell(row.pair),
            f"{row.probability:.3f}",
            cell(bar(row.probability, rows[0].probability, BAR), "cyan"),
            str(row.pulls),
            cell(number(mean)),
            cell(None if row.low is None or row.high is None else f"{row.low:.2f} to {row.high:.2f}"),
        )
    return made


def bounds(rounds: Rounds) -> tuple[float, float]:
    """The smallest and the largest probability that any pair ever had."""
    known = [row.probability for pairs in rounds.values() for row in pairs.values()]
    return min(known), max(known)


def course(rounds: Rounds, last: int, width: int) -> Table:
    """A line a pair: all rounds as blocks, and as many of the numbers as `width` columns hold, the last among them."""
    pairs = sorted(rounds[max(rounds)], key=lambda pair: -rounds[max(rounds)][pair].probability)
    values = {pair: [_probability(rounds[at], pair) for at in sorted(rounds)] for pair in pairs}
    low, high = bounds(rounds)
    spark = evenly(range(len(rounds)), LONGEST_SPARK)
    longest = min(max(len(str(pair)) for pair in pairs), width // 2)
    places = max(2, (width - longest - len(spark) - 4) // (NUMBER + 1))
    shown = evenly(range(len(rounds)), places)
    names = [str(at) if at <= last else "after" for at in sorted(rounds)]
    heads = [names[i] for i in shown]
    made = table("pair", "", *heads, right=heads, wide=("pair",))
    for pair in pairs:
        row = values[pair]
        blocks = sparkline([row[i] for i in spark], low, high)
        made.add_row(cell(pair), cell(blocks, "cyan"), *(cell(number(row[i], 3)) for i in shown))
    return made


def _probability(row: Mapping[Pair, SelectionRow], pair: Pair) -> float | None:
    return row[pair].probability if pair in row else None


def evenly(places: Sequence[int], most: int) -> list[int]:
    """At most `most` of `places`, the first and the last among them, at even distances.

    >>> evenly(range(9), 3)
    [0, 4, 8]
    """
    if len(places) <= most:
        return list(places)
    return [places[round(i * (len(places) - 1) / (most - 1))] for i in range(most)]
