"""The tables a run ends with, which `runs show` prints again."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from master_autogen.cli.groups import with_log
from master_autogen.cli.ledger import added, beside, grouped, named_counts, percent, sums
from master_autogen.cli.progress import STATUSES
from master_autogen.cli.summary import Shift, Spent, Summary, Topic
from master_autogen.cli.terminal import bar, cell, counted, heading, money, number, plain, table

if TYPE_CHECKING:
    from master_autogen.log import SelectedTotal

SHOWN_REASONS = 6
SHOWN_PAIRS = 8
BAR = 12


def print_summary(to: Console, summary: Summary) -> None:
    """Lessons, grades, selection, calls: everything but the seeds, which the log does not know all of."""
    print_lessons(to, summary)
    print_grades(to, summary.selected)
    print_shifts(to, summary.shifts, summary.notes)
    print_checked(to, summary)
    print_spent(to, summary.spent)


def print_lessons(to: Console, summary: Summary) -> None:
    by_scenario: dict[str, Counter[str]] = {
        scenario: Counter(counts) for scenario, counts in summary.lessons.statuses.items()
    }
    found = [status for counts in by_scenario.values() for status in counts]
    statuses = list(dict.fromkeys([*STATUSES, *found]))
    made = table("scenario", *statuses, "total", right=(*statuses, "total"))
    for scenario, counts in by_scenario.items():
        made.add_row(scenario, *(_count(counts[s], s) for s in statuses), str(counts.total()))
    if len(by_scenario) > 1:
        sums = {s: sum(counts[s] for counts in by_scenario.values()) for s in statuses}
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


def print_grades(to: Console, selected: Sequence[SelectedTotal]) -> None:
    if not selected:
        return
    numbers = ("selected", "pi mean", "median", "IFD", "right", "wrong", "unread")
    made = table("scenario", *numbers, right=numbers)
    for found in selected:
        made.add_row(
            found.scenario,
            str(found.lessons),
            cell(number(found.pi_mean)),
            cell(number(found.pi_median)),
            cell(number(found.ifd_mean)),
            _count(found.right, "accepted"),
            _count(found.wrong, "failed"),
            _count(found.unread, ""),
        )
    heading(to, "Selected episodes")
    to.print(made)
    ungraded = sum(found.lessons - found.graded for found in selected)
    told = "right, wrong, unread: final answers, by code"
    if ungraded:
        told += f"; {counted(ungraded, 'selected episode')} without pi (a base has none)"
    to.print(told, style="dim")
    to.print()


def print_checked(to: Console, summary: Summary) -> None:
    """The ledger in short: played, asked again, rejected and by which check, and where a check could not tell."""
    checks, episodes = summary.totals.checks, summary.lessons.episodes
    if not checks:
        return
    found, by_check = sums(checks), grouped(checks, lambda row: row.name)
    statuses = ", ".join(f"{count:,} {status}" for status, count in episodes.items())
    lines = [f"{counted(sum(episodes.values()), 'episode')} played: {statuses}"]
    if found.again:
        why = named_counts({name: mine.again for name, mine in by_check.items()})
        lines.append(f"{counted(found.again, 'turn')} asked again: {why}")
    if found.rejected:
        lines.append(f"rejected by {named_counts({name: mine.rejected for name, mine in by_check.items()})}")
    unsure = sorted((mine for mine in by_check.items() if mine[1].unclear), key=lambda m: -m[1].unclear_share)
    shares = ", ".join(f"{name} {percent(mine.unclear_share)}" for name, mine in unsure)
    results = found.passed + found.failed + found.unclear
    told = f"could not tell {found.unclear:,} of {results:,} results ({percent(found.unclear_share)})"
    lines.append(f"{told}: {shares}" if shares else told)
    if summary.totals.votes:
        lines.append(added(beside(summary.totals.votes)))
    facts(to, {"Checks": "\n".join(lines)})


def print_shifts(to: Console, shifts: Mapping[Topic, list[Shift]], notes: Mapping[Topic, str]) -> None:
    """How selection has changed, per scenario and task type: the pairs that gained most first, and what is to be known
    of it."""
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
    for note, where in _alike(notes).items():
        to.print(Padding(cell(f"{'; '.join(where)}: {note}"), (0, 0, 0, 2)))
    to.print()


def _alike(notes: Mapping[Topic, str]) -> dict[str, list[str]]:
    """Each note with the topics that it is said of."""
    found: dict[str, list[str]] = {}
    for topic, note in notes.items():
        found.setdefault(note, []).append(str(topic))
    return found


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
    run_id, best, first = summary.run.id, summary.lessons.best, summary.lessons.first
    commands = []
    if best is not None:
        commands = [
            f"replay {best.selected_episode_id}",
            f"selection history {run_id} --scenario {best.scenario}",
            f"export {run_id} --format sharegpt --to {shlex.quote(str(log.with_name(run_id + '.jsonl')))}",
        ]
    elif first is not None:
        commands = [f"replay {first.id}"]
    if not lessons_shown:
        commands.append(f"runs show {run_id} --lessons")
    to.print()
    to.print("Next", style="bold")
    for command in commands:
        to.print(Text(f"  master-autogen {with_log(command, log)}", style="cyan"), soft_wrap=True)
