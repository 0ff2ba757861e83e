"""`master-autogen replay`: an episode as a conversation: who said what, how it was checked, what it was worth."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from master_autogen.cli.end import facts
from master_autogen.cli.groups import CODE_CHECKS, checks_option, log_option
from master_autogen.cli.terminal import cell, console, number, plain
from master_autogen.errors import UserError

if TYPE_CHECKING:
    from master_autogen.records import CheckResult, CodeCheck, Grade
    from master_autogen.replay import Replay, ReplayTurn, Withdrawn

COLOURS = ("cyan", "yellow", "magenta", "green", "blue")
"""Of the speakers, in the order in which they speak first; a student who revises is the same student."""

READING_WIDTH = 100
"""Columns: longer lines are hard to read, however wide the terminal is."""

PROMPT_WIDTH = 118
"""Columns with --private: prompts have their own line ends, and most are written for this width."""

ABRIDGED = 160
"""Characters shown of an attempt that was asked again; all of it with --private."""


@click.command()
@click.argument("episode")
@log_option
@click.option("--private", is_flag=True, help="Show what each speaker was told in private, and the reference")
@click.option("--verify", is_flag=True, help="Play it again from its recorded calls and compare every message")
@click.option("--scenario", help="With --verify: the scenario to play, instead of the one the run named")
@click.option("--regrade", metavar="JUDGE", help="Grade its lesson once more, by this judge file or `verifier`")
@click.option("--pool", help="With --verify or --regrade: the pool with the agents, or with judge and scorers")
@click.option(
    "--code-check", type=click.Choice(CODE_CHECKS), default="off", help="With --verify: run programs once more"
)
@checks_option
def replay(
    episode: str,
    log: Path,
    private: bool,
    verify: bool,
    scenario: str | None,
    regrade: str | None,
    pool: str | None,
    code_check: CodeCheck,
    checks: tuple[Path, ...],
) -> None:
    """Print an EPISODE as a conversation

    EPISODE is the id of an episode or of a lesson, or the beginning of one; of a lesson its selected episode is shown.
    """
    from master_autogen.checks import own_checks
    from master_autogen.cli import replaying
    from master_autogen.log import open_log
    from master_autogen.replay import replay as read

    if verify and regrade:
        raise UserError("--verify and --regrade are two things; give one of them")
    if regrade is not None:
        replaying.regrade(console(), log, episode, regrade, pool)
        return
    if verify:
        with own_checks(checks):
            sys.exit(replaying.verify(console(), log, episode, scenario, pool, code_check))
    with closing(open_log(log)) as db:
        found = read(db, episode)
    print_replay(console(), found, private)


def print_replay(to: Console, found: Replay, private: bool) -> None:
    to.width = min(to.width, PROMPT_WIDTH if private else READING_WIDTH)
    _print_head(to, found)
    _print_said(to, "Question", "bold", "", found.view.seed.instruction)
    colours: dict[str, str] = {}
    for turn in found.turns:
        colour = colours.setdefault(turn.title, COLOURS[len(colours) % len(COLOURS)])
        _print_turn(to, turn, colour, private)
    if found.unsaid and found.view.episode.status == "failed":
        for attempt in found.unsaid:
            _print_withdrawn(to, attempt, private)
    if private:
        _print_said(to, "Reference", "bold", "the seed's own response", found.view.seed.response, "dim")


def _print_head(to: Console, found: Replay) -> None:
    from master_autogen.replay import spoken

    lesson, episode, seed = found.view.lesson, found.view.episode, found.view.seed
    to.print(Rule(Text(spoken(lesson.plan.scenario), style="bold"), align="left", style="dim"))
    part = "the base" if episode.is_base else f"candidate {found.slot} of {len(lesson.plan.episodes) - 1}"
    named: dict[str, str | Text] = {
        "Episode": f"{episode.id}, {part}",
        "Result": _standing(found),
        "Round": f"{lesson.plan.round} of run {lesson.plan.run_id}",
        "Seed": f"{seed.kind}, {seed.id}" + (f", from {seed.source}" if seed.source else ""),
        **({"Similar": str(found.likeness)} if found.likeness else {}),
        "Cast": ", ".join(f"{spoken(role)}: {agent}" for role, agent in episode.cast.agents.items()),
        "Grade": graded(found.grade),
    }
    facts(to, named)


def _standing(found: Replay) -> Text:
    styles = {"rejected": "yellow", "failed": "red"}
    style = "green" if found.view.is_selected else styles.get(found.view.episode.status, "")
    return cell(found.standing, style)


def graded(grade: Grade | None) -> str:
    """pi and what it is made of, or why there is none."""
    if grade is None:
        return "none: complete episodes alone are graded"
    ifd = grade.ifd_small if grade.ifd_small is not None else grade.ifd_large
    parts = [("pi_llm", grade.pi_llm)]
    if grade.basis == "dual":
        parts += [("pi_dual", grade.pi_dual), ("IFD small", grade.ifd_small), ("IFD large", grade.ifd_large)]
    elif grade.basis == "single":
        parts.append(("IFD", ifd))
    verdicts = ""
    if grade.verdict_ab is not None and grade.verdict_ba is not None:
        alike = grade.verdict_ab == grade.verdict_ba
        verdicts = f"; judged {grade.verdict_ab}"
        verdicts += " in both orders" if alike else f", and {grade.verdict_ba} in the other order"
    known = ", ".join(f"{name} {number(value)}" for name, value in parts if value is not None)
    if grade.pi is None:
        return f"no pi ({grade.missing_reason})" + (f"; {known}" if known else "") + verdicts
    return f"pi {number(grade.pi)} from {known}{verdicts}"


def _print_turn(to: Console, turn: ReplayTurn, colour: str, private: bool) -> None:
    said = turn.turn
    asked = f", attempt {said.attempts}" if said.attempts > 1 else ""
    trained = ", trained on" if said.train else ""
    told = f"{said.phase}{asked}{trained} · {said.agent} · {said.made_by}"
    if private and turn.cue is not None:
        _print_said(to, f"to {turn.title}", f"dim {colour}", "in private", turn.cue, "dim italic")
    for attempt in turn.withdrawn:
        _print_withdrawn(to, attempt, private)
    _print_said(to, turn.title, f"bold {colour}", told, said.text)
    notes = [f"{name}: {value}" for name, value in said.notes.items()] if private else []
    if private and said.thought:
        notes.append(f"thought: {said.thought}")
    below: list[RenderableType] = [marks(turn.checks)] if turn.checks else []
    below += [Text(plain(note), style="dim italic") for note in notes]
    to.print(Padding(Group(*below), (0, 0, 0, 2)))


def _print_said(to: Console, who: str, style: str, told: str, text: str, text_style: str = "") -> None:
    """Who, with what is told of it at the right margin, and the text below, indented."""
    head = Table.grid(expand=True)
    head.add_column(no_wrap=True)
    head.add_column(justify="right", overflow="fold")
    head.add_row(Text(who, style=style), Text(told, style="dim"))
    to.print()
    to.print(head)
    to.print(Padding(Text(plain(text).strip("\n"), style=text_style), (0, 0, 0, 2)))


def _print_withdrawn(to: Console, attempt: Withdrawn, private: bool) -> None:
    why = "; ".join(f"{check.name}: {check.detail}" for check in attempt.failed) or attempt.error or "it was cut short"
    line = Text("↺ ", style="yellow").append(f"attempt {attempt.attempt} did not count: {plain(why)}", style="dim")
    to.print()
    to.print(Padding(line, (0, 0, 0, 2)))
    if attempt.text:
        text = plain(attempt.text).strip()
        shown = text if private or len(text) <= ABRIDGED else text[:ABRIDGED].rstrip() + " ..."
        to.print(Padding(Text(shown, style="dim italic"), (0, 0, 0, 4)))


def marks(checks: Iterable[CheckResult]) -> Text:
    """Checks as small marks: what passed by name, what failed or could not tell with its detail."""
    shown = Text()
    for check in checks:
        mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}[check.passed]
        detail = f" ({plain(check.detail)})" if check.detail and check.passed is not True else ""
        shown.append("  " if shown else "").append(mark, style=style).append(f" {check.name}{detail}", style="dim")
    return shown
