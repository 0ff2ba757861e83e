"""The ledger as `runs show` prints it: what checks found, who was asked again and rejected, debate beside voting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from rich.console import Console
from rich.text import Text

from master_autogen.cli.terminal import cell, counted, heading, short_count, table

if TYPE_CHECKING:
    from master_autogen.log import CheckTotal, TurnTotal, VoteTotal

K = TypeVar("K", bound=Hashable)
By = Literal["phase", "role", "agent", "round"]
BYS: tuple[By, ...] = ("phase", "role", "agent", "round")
EPISODE = "(episode)"
"""Where a check is of whole episodes."""
SHOWN_ROUNDS = 8


class Sums(NamedTuple):
    """Check results added up."""

    passed: int
    failed: int
    unclear: int
    again: int
    rejected: int

    @property
    def unclear_share(self) -> float:
        return self.unclear / max(1, self.passed + self.failed + self.unclear)


def sums(rows: Iterable[CheckTotal]) -> Sums:
    found = [(row.passed, row.failed, row.could_not_tell, row.asked_again, row.rejected) for row in rows]
    return Sums(*(sum(column) for column in zip(*found, strict=True))) if found else Sums(0, 0, 0, 0, 0)


def grouped(rows: Iterable[CheckTotal], key: Callable[[CheckTotal], K]) -> dict[K, Sums]:
    groups: dict[K, list[CheckTotal]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return {name: sums(mine) for name, mine in groups.items()}


def percent(share: float) -> str:
    """Two digits where it matters: 12%, 3.1%, 0%."""
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def named_counts(counts: Mapping[str, int]) -> str:
    """ "right_answer 9, no_leak 5": the most frequent first."""
    return ", ".join(f"{name} {count:,}" for name, count in Counter(counts).most_common() if count)


def print_checks(to: Console, rows: Sequence[CheckTotal], by: By = "phase") -> None:
    """How often each check passed, failed or could not tell, asked again and rejected, grouped by `by`."""
    if not rows:
        return
    columns = ("passed", "failed", "unclear", "share", "again", "rejected")
    made = table(by, "check", *columns, right=columns, wide=(by,))
    scenario: str | None = None
    place: object = None
    ordered = sorted(rows, key=lambda row: (row.scenario, row.phase or "", row.name)) if by == "phase" else rows
    groups = grouped(ordered, lambda row: (row.scenario if by == "phase" else "", getattr(row, by), row.name))
    for (title, here, name), found in groups.items() if by == "phase" else sorted(groups.items(), key=_by_place):
        if title != scenario:
            scenario, place = title, None
            if title:
                made.add_row(cell(title.replace("_", " "), "bold"))
        shown = EPISODE if here is None else str(here)
        made.add_row(cell("" if shown == place else f"  {shown}" if title else shown), cell(name), *_cells(found))
        place = shown
    made.add_section()
    made.add_row("all", "", *_cells(sums(rows)))
    heading(to, "Checks", "every attempt counts; unclear: the check could not tell")
    to.print(made)
    to.print()


def _by_place(item: tuple[tuple[str, str | int | None, str], Sums]) -> tuple[bool, int, str, str]:
    (_, here, name), _ = item
    return (here is not None, here if isinstance(here, int) else 0, str(here), name)


def _cells(found: Sums) -> list[Text]:
    styles = ("", "red", "yellow", "red", "red")
    passed, failed, unclear, again, rejected = (
        cell(short_count(count), style if count else "dim") for count, style in zip(found, styles, strict=True)
    )
    share = cell(percent(found.unclear_share), "yellow" if found.unclear else "dim")
    return [passed, failed, unclear, share, again, rejected]


def print_who(to: Console, checks: Sequence[CheckTotal], turns: Sequence[TurnTotal]) -> None:
    """Whose turns were asked again or rejected the episode, and for which check: by role, agent and round."""
    if not sums(checks).again and not sums(checks).rejected:
        return
    numbers = ("turns", "again", "rejected")
    made = table("", *numbers, "for", right=numbers, wide=("for",))
    for by in BYS[1:]:
        places = list(dict.fromkeys(getattr(row, by) for row in checks if getattr(row, by) is not None))
        places.sort()
        made.add_row(cell(by, "bold"))
        if by == "round" and len(places) > SHOWN_ROUNDS:
            made.add_row(cell(f"  {counted(len(places) - SHOWN_ROUNDS, 'round')} before: --by round", "dim"))
            places = places[-SHOWN_ROUNDS:]
        for place in places:
            here = [row for row in checks if getattr(row, by) == place]
            found = sums(here)
            why = {name: mine.again + mine.rejected for name, mine in grouped(here, lambda row: row.name).items()}
            said = sum(row.turns for row in turns if getattr(row, by) == place)
            counts = (cell(f"{count:,}", "red" if count else "dim") for count in (found.again, found.rejected))
            made.add_row(cell(f"  {place}"), f"{said:,}", *counts, cell(named_counts(why)))
    heading(to, "Asked again and rejected", "for: the first check that failed")
    to.print(made)
    to.print()


class Beside(NamedTuple):
    """Debate beside voting, in episodes: how often each was right, and what the vote came to where it was not."""

    episodes: int
    first: int
    agreed: int
    vote: int
    tried: int
    concluded: int
    gained: int
    lost: int
    split: int
    unread: int


def beside(rows: Sequence[VoteTotal]) -> Beside:
    """`first`: the first speaker alone; `agreed`: all who spoke before the conclusion; `tried`: the conclusion's first
    attempt; `gained`: the conclusion alone was right; `lost`: the vote alone."""

    def count(has: Callable[[VoteTotal], bool]) -> int:
        return sum(row.episodes for row in rows if has(row))

    return Beside(
        episodes=count(lambda row: True),
        first=count(lambda row: row.voters[0] == "right"),
        agreed=count(lambda row: set(row.voters[:-1]) == {"right"}),
        vote=count(lambda row: row.vote == "right"),
        tried=count(lambda row: row.voters[-1] == "right"),
        concluded=count(lambda row: row.conclusion == "right"),
        gained=count(lambda row: row.conclusion == "right" and row.vote != "right"),
        lost=count(lambda row: row.conclusion != "right" and row.vote == "right"),
        split=count(lambda row: row.vote == "split"),
        unread=count(lambda row: row.vote == "unread"),
    )


def added(found: Beside) -> str:
    """What debate added: "debate right 27 of 30, vote of the same first answers 19 of 30: +8"."""
    of = f"of {found.episodes:,}"
    gain = found.concluded - found.vote
    return f"debate right {found.concluded:,} {of}, vote of the same first answers {found.vote:,} {of}: {gain:+,}"


def print_votes(to: Console, rows: Sequence[VoteTotal]) -> None:
    """What debate added over a vote, for each scenario that has a conclusion with the check `majority`."""
    for scenario in dict.fromkeys(row.scenario for row in rows):
        found = beside([row for row in rows if row.scenario == scenario])
        made = table("right", "episodes", "share", right=("episodes", "share"))
        for name, right in (
            ("first speaker alone", found.first),
            ("all before the conclusion", found.agreed),
            ("vote of the first answers", found.vote),
            ("conclusion, first attempt", found.tried),
            ("conclusion that counts", found.concluded),
        ):
            made.add_row(name, f"{right:,}", percent(right / found.episodes))
        heading(to, "Debate and vote", f"{counted(found.episodes, 'episode')} of {scenario} with a checkable answer")
        to.print(made)
        to.print(added(found))
        told = f"right where the vote is not: {found.gained:,}; the other way: {found.lost:,}"
        to.print(f"{told}; vote split: {found.split:,}, unread: {found.unread:,}", style="dim")
        to.print()
