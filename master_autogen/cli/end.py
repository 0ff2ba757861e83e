"""The tables a run ends with, which `runs show` prints again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from master_autogen.cli.groups import with_log
from master_autogen.cli.progress import STATUSES
from master_autogen.cli.summary import Graded, Shift, Spent, Summary, Topic
from master_autogen.cli.terminal import bar, cell, counted, heading, money, number, plain, table

SHOWN_REASONS = 6
SHOWN_PAIRS = 8
BAR = 12


def print_summary(to: Console, summary: Summary) -> None:
    """Lessons, grades, selection, calls: everything but the seeds, which the log does not know all of."""
    print_lessons(to, summary)
    print_grades(to, summary.graded)
    print_shifts(to, summary.shifts)
    print_spent(to, summary.spent)


def print_lessons(to: Console, summary: Summary) -> None:
    found = [status for counts in summary.statuses.values() for status in counts]
    statuses = list(dict.fromkeys([*STATUSES, *found]))
    made = table("scenario", *statuses, "total", right=(*statuses, "total"))
    for scenario, counts in summary.statuses.items():
        made.add_row(scenario, *(_count(counts[s], s) for s in statuses), str(counts.total()))
    if len(summary.statuses) > 1:
        sums = {s: sum(counts[s] for counts in summary.statuses.values()) for s in statuses}
        made.add_section()
        made.add_row("all", *(_count(sums[s], s) for s in statuses), str(sum(sums.values())))
    heading(to, "Lessons")
    to.print(made)
    for (status, reason), count in summary.reasons.most_common(SHOWN_REASONS):
        line = Text(f"{count} {status}", style=STATUSES.get(status, "")).append(f": {plain(reason)}", "default")
        to.print(Padding(line, (0, 0, 0, 2)))
    if len(summary.reasons) > SHOWN_REASONS:
        to.print(f"  and {counted(len(summary.reasons) - SHOWN_REASONS, 'other reason')}", style="dim")
    to.print()


def _count(count: int, status: str) -> Text:
    return Text(str(count), style=STATUSES.get(status, "") if count else "dim")


def print_grades(to: Console, graded: Mapping[str, Graded]) -> None:
    if not graded:
        return
    numbers = ("selected", "pi mean", "median", "IFD", "right", "wrong", "unread")
    made = table("scenario", *numbers, right=numbers)
    for scenario, grades in graded.items():
        made.add_row(
            scenario,
            str(grades.lessons),
            cell(number(grades.pi_mean)),
            cell(number(grades.pi_median)),
            cell(number(grades.ifd_mean)),
            _count(grades.right, "accepted"),
            _count(grades.wrong, "failed"),
            _count(grades.unread, ""),
        )
    heading(to, "Selected episodes")
    to.print(made)
    ungraded = sum(g.lessons - len(g.pis) for g in graded.values())
    told = "right, wrong, unread: final answers, by code"
    if ungraded:
        told += f"; {counted(ungraded, 'selected episode')} without pi (a base has none)"
    to.print(told, style="dim")
    to.print()


def print_shifts(to: Console, shifts: Mapping[Topic, list[Shift]]) -> None:
    """How selection has changed, per scenario and task type: the pairs that gained most first."""
    if not any(len(pairs) > 1 for pairs in shifts.values()):
        return
    made = table("pair", "before", "after", "", right=("before", "after"), wide=("pair",))
    for topic, pairs in shifts.items():
        made.add_row(Text(str(topic), style="bold"))
        ordered = sorted(pairs, key=lambda shift: shift.before - shift.after)
        most = max(shift.after for shift in pairs)
        for shift in ordered[:SHOWN_PAIRS]:
            drawn = cell(bar(shift.after, most, BAR), "cyan")
            made.add_row(cell(f"  {shift.pair}"), f"{shift.before:.3f}", f"{shift.after:.3f}", drawn)
        if len(pairs) > SHOWN_PAIRS:
            made.add_row(cell(f"  and {counted(len(pairs) - SHOWN_PAIRS, 'other pair')}", "dim"))
    heading(to, "Selection")
    to.print(made)
    to.print()


def print_spent(to: Console, spent: Spent) -> None:
    failed = f" ({spent.failed:,} failed)" if spent.failed else ""
    tokens = f"{spent.prompt_tokens:,} tokens in, {spent.completion_tokens:,} out"
    estimated = f" (estimated for {counted(spent.estimated, 'call')})" if spent.estimated else ""
    unpriced = f" ({counted(spent.unpriced, 'call')} without a price)" if spent.unpriced and spent.cost else ""
    facts(to, {"Calls": f"{spent.calls:,}{failed}; {tokens}{estimated}; {money(spent.cost)}{unpriced}"})


def print_seeds(to: Console, read: int, played: int, left_out: Mapping[str, int]) -> None:
    """Where every row that was read has gone; `left_out` counts by reason, and all of it adds up to `read`."""
    ordered = sorted(left_out.items(), key=lambda item: -item[1])
    lines = [(read, "read"), (played, "played"), *((count, f"left out: {reason}") for reason, count in ordered)]
    width = len(f"{read:,}")
    facts(to, {"Seeds": "\n".join(f"{count:>{width},} {what}" for count, what in lines)})


def facts(to: Console, named: Mapping[str, str | Text]) -> None:
    """Lines of a name and what it is, aligned under each other."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", min_width=7, no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in named.items():
        grid.add_row(name, value if isinstance(value, Text) else cell(value))
    to.print(grid)


def print_next(to: Console, summary: Summary, log: Path, *, lessons_shown: bool = False) -> None:
    """The commands to try next, as they have to be typed."""
    run_id, best = summary.run.id, summary.best
    commands = []
    if best is not None:
        commands = [
            f"replay {best.selected_episode_id}",
            f"selection history {run_id} --scenario {best.scenario}",
            f"export {run_id} --format sharegpt --to {shlex.quote(str(log.with_name(run_id + '.jsonl')))}",
        ]
    elif summary.lessons:
        commands = [f"replay {summary.lessons[0].id}"]
    if not lessons_shown:
        commands.append(f"runs show {run_id} --lessons")
    to.print()
    to.print("Next", style="bold")
    for command in commands:
        to.print(Text(f"  master-autogen {with_log(command, log)}", style="cyan"), soft_wrap=True)
