"""`master-autogen scenarios`: which plays there are, what is in one, whether a file is right, a file to start from."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from master_autogen.cli.end import facts
from master_autogen.cli.groups import VerbGroup, checks_option
from master_autogen.cli.terminal import cell, console, counted, heading, plain, table
from master_autogen.errors import UserError

if TYPE_CHECKING:
    from master_autogen.scenario import Phase, Scenario

START = Path(__file__).with_name("new_scenario.yaml")
START_NAME = "new_scenario"


@click.group(cls=VerbGroup)
def scenarios() -> None:
    """List scenarios, show, check or begin one"""


@scenarios.command("list")
@checks_option
def list_(checks: tuple[Path, ...]) -> None:
    """List the scenarios in ./scenarios/ and those that come along"""
    from master_autogen.checks import own_checks

    with own_checks(checks):
        faulty = print_list(console())
    if faulty:
        sys.exit(2)


def print_list(to: Console) -> int:
    """Every scenario, or its faults in its place; how many files have some."""
    from master_autogen.scenario import read_scenario
    from master_autogen.yaml_files import find, names

    faulty, listed = 0, names("")
    for name in listed:
        path = find("", name)
        head = Table.grid(expand=True, padding=(0, 1))
        head.add_column(no_wrap=True)
        head.add_column(justify="right", overflow="fold")
        head.add_row(cell(name, "bold"), cell(where(path), "dim"))
        to.print(head)
        try:
            scenario = read_scenario(str(path))
        except UserError as faults:
            faulty += 1
            to.print(Padding(cell(str(faults), "red"), (0, 0, 0, 2)))
            continue
        to.print(Padding(cell(scenario.summary), (0, 0, 0, 2)))
        to.print(cell(f"  for {', '.join(scenario.kinds)}", "dim"))
    _print_faulty(to, faulty, len(listed))
    return faulty


def _print_faulty(to: Console, faulty: int, files: int) -> None:
    if faulty:
        to.print(f"{faulty} of {counted(files, 'file')} with faults", style="bold red")


def where(path: Path) -> str:
    """A file as the user may name it: from here if it is below, `shipped` if it came along."""
    from master_autogen.yaml_files import shipped

    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return "shipped" if path.is_relative_to(shipped()) else str(path)


@scenarios.command()
@click.argument("name")
@checks_option
def show(name: str, checks: tuple[Path, ...]) -> None:
    """Show the roles and phases of the scenario NAME"""
    from master_autogen.checks import own_checks
    from master_autogen.scenario import read_scenario
    from master_autogen.yaml_files import find

    with own_checks(checks):
        print_scenario(console(), read_scenario(name), find("", name))


def print_scenario(to: Console, scenario: Scenario, path: Path) -> None:
    to.print(Text(scenario.title, style="bold"))
    to.print(cell(scenario.summary))
    to.print()
    opens = "with the question" if scenario.opens_with_question else "with the first turn"
    pair = f"{scenario.pair.instruction} + {scenario.pair.response}"
    facts(
        to,
        {
            "Kinds": ", ".join(scenario.kinds),
            "Pair": f"{pair} (what selection casts)",
            "Opens": opens,
            "File": str(path),
        },
    )
    to.print()
    roles = table("role", "title", "is", wide=("is",))
    for name, role in scenario.roles.items():
        roles.add_row(cell(name), cell(role.title), cell(role.about))
    heading(to, "Roles")
    to.print(roles)
    to.print()
    phases = table("phase", "role", "sees", "side", "checks", wide=("sees", "checks"))
    for phase in scenario.script:
        side = f"{phase.side}, trained" if phase.train else phase.side
        phases.add_row(
            cell(phase.name), cell(phase.role), cell(", ".join(phase.sees) or None), cell(side), cell(_checks(phase))
        )
    heading(to, "Phases")
    to.print(phases)


def _checks(phase: Phase) -> str | None:
    if not phase.checks:
        return None
    kept = "" if phase.on_failure == "reject" else "; kept if it fails"
    return f"{', '.join(phase.checks)} (asked again {counted(phase.retries, 'time')}{_IF_RIGHT[phase.if_right]}{kept})"


_IF_RIGHT = {"plant": "; if right, a mistake is planted", "confirm": "; if right, a confirmation", "reject": ""}


@scenarios.command()
@click.argument("which", metavar="[NAME|PATH]...", nargs=-1)
@checks_option
def check(which: tuple[str, ...], checks: tuple[Path, ...]) -> None:
    """Check scenario files and name every fault

    Each fault is named by file, line and key. Without a NAME or PATH, all files are checked: those in ./scenarios/ and
    those that come along.
    """
    from master_autogen.checks import own_checks
    from master_autogen.yaml_files import find, names

    paths = [find("", name) for name in which or names("")]
    with own_checks(checks):
        faulty = print_faults(console(), paths)
    if faulty:
        sys.exit(2)


def print_faults(to: Console, paths: Sequence[Path]) -> int:
    """Every fault of these files, by line, and how many files have one."""
    from master_autogen.scenario import read_scenario

    faulty = 0
    for path in paths:
        try:
            scenario = read_scenario(str(path))
        except UserError as faults:
            faulty += 1
            to.print(Text(plain(str(faults)), style="red"), soft_wrap=True)
        else:
            to.print(
                Text().append("ok ", style="green").append(f" {path}: {counted(len(scenario.script), 'phase')}", ""),
                soft_wrap=True,
            )
    _print_faulty(to, faulty, len(paths))
    return faulty


@scenarios.command()
@click.argument("name")
def new(name: str) -> None:
    """Write NAME.yaml, a commented scenario to start from"""
    path = write_new(name)
    to = console()
    to.print(f"Wrote {path}, a scenario to start from.")
    for command in (f"scenarios check {path}", f"run {path} --pool endpoint"):
        to.print(Text(f"  master-autogen {command}", style="cyan"), soft_wrap=True)


def write_new(name: str) -> Path:
    """A commented scenario to start from, NAME.yaml in this folder, written in full or not at all.

    Raises `UserError` for a name that is none, where the file is there already, and where it cannot be written.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name):
        raise UserError(f"{name!r} is no name for a scenario: small letters, digits and _, as in peer_review")
    path = Path(f"{name}.yaml")
    text = START.read_text(encoding="utf-8").replace(START_NAME, name)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UserError(f"{path} is there already; choose another name, or move it away") from None
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from None
    return path
