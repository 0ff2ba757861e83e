"""`master-autogen report`: a run as one web page."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import click

from master_autogen.cli.groups import log_option, run_argument
from master_autogen.cli.terminal import console, counted


@click.command()
@run_argument
@log_option
@click.option("--to", type=click.Path(path_type=Path), required=True, metavar="PATH", help="HTML file to write")
def report(run_id: str | None, log: Path, to: Path) -> None:
    """Write a RUN, or the latest, as one web page for offline

    Numbers, selection over rounds, grades, checks, costs and the judge, and up to 1,000 lessons to search and read.
    """
    from master_autogen.log import open_log
    from master_autogen.report import report as write

    with closing(open_log(log)) as db:
        result = write(db, run_id, to)
    shown = "all of them" if result.shown == result.lessons else f"{result.shown:,} of them"
    console().print(
        f"run {result.run_id} written to {result.path}: {counted(result.lessons, 'lesson')}, {shown} to be read, "
        f"{result.size / 1e6:.1f} MB",
        soft_wrap=True,
    )
