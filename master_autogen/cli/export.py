"""`master-autogen export`: the selected episodes of a run as a training set."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.text import Text

from master_autogen.cli.groups import log_option, run_argument
from master_autogen.cli.terminal import console, counted, plain

if TYPE_CHECKING:
    from master_autogen.export import ExportResult


@click.command()
@run_argument
@log_option
@click.option("--format", default="sharegpt", show_default=True, help="Training format: sharegpt or messages")
@click.option("--to", type=click.Path(path_type=Path), required=True, metavar="PATH", help="File to write")
def export(run_id: str | None, log: Path, format: str, to: Path) -> None:
    """Write a RUN as a training set, the latest where none is named"""
    from master_autogen.export import export as write
    from master_autogen.log import open_log

    with closing(open_log(log)) as db:
        result = write(db, run_id, format, to)
    print_result(console(), result)


def print_result(to: Console, result: ExportResult) -> None:
    to.print(
        f"{counted(result.rows, 'row')} of {counted(result.lessons, 'accepted lesson')} written to {result.path}",
        soft_wrap=True,
    )
    for path in result.also:
        to.print(f"and described in {path}", soft_wrap=True)
    for reason, count in result.refused.items():
        to.print(Text(f"  {count} left out: {plain(reason)}", style="yellow"))
