"""`master-autogen runs datasette`: the log in Datasette, with what its tables and columns mean."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path

import click

from master_autogen.cli.groups import log_option
from master_autogen.cli.terminal import console
from master_autogen.errors import UserError


@click.command()
@log_option
@click.option("--to", type=click.Path(path_type=Path), required=True, metavar="PATH", help="JSON file to write")
def datasette(log: Path, to: Path) -> None:
    """Describe the tables and columns of a log for Datasette

    Datasette (`pip install 'datasette<1'`) shows the log in a browser, to be filtered, counted and queried in SQL.
    """
    from master_autogen.files import check_writable, replacing
    from master_autogen.log import open_log
    from master_autogen.log.described import datasette_metadata

    if os.path.realpath(to) == os.path.realpath(log):
        raise UserError(f"{to} is the log; name another file with --to")
    if to.suffix.lower() != ".json":  # what Datasette reads, and no log, whichever is meant
        raise UserError(f"{to}: name a JSON file with --to, as in metadata.json")
    with closing(open_log(log)):  # a log, brought to the schema that is described
        check_writable(to)
    with replacing(to) as file:
        file.write(json.dumps(datasette_metadata(log.stem), indent=2, ensure_ascii=False).encode() + b"\n")
    console().print(f"written to {to}; now: datasette {log} -m {to}", soft_wrap=True)
