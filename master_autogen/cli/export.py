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
from master_autogen.errors import UserError

if TYPE_CHECKING:
    from master_autogen.export import ExportResult, Options
    from master_autogen.export.sample import WrongTurn

FORMATS = "sharegpt, messages, prompt-completion, alpaca, preference, preference-sharegpt, axolotl, hf"


@click.command()
@run_argument
@log_option
@click.option("--format", default="sharegpt", show_default=True, help=f"Training format: {FORMATS}")
@click.option("--to", type=click.Path(path_type=Path), required=True, metavar="PATH", help="File to write, or folder")
@click.option(
    "--wrong-turn",
    type=click.Choice(["inline", "mask", "train"]),
    help="A wrong first answer: quoted in a human turn, kept but not trained on, or trained on; else the format's way",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    help="Split or leave out lessons of more tokens; the corrected turn is never cut",
)
@click.option(
    "--test-share",
    type=click.FloatRange(min=0, max=1, max_open=True),
    default=0.0,
    help="Share of the questions kept for a test set; no question is in both sets",
)
@click.option("--mix", metavar="original=X", help="Add original pairs: X tokens of them for each token of lessons")
@click.option(
    "--push-to-hub", metavar="OWNER/NAME", help="Upload it to the Hugging Face Hub too; HF_TOKEN holds the key"
)
@click.option("--private", is_flag=True, help="With --push-to-hub: as a private data set")
def export(
    run_id: str | None,
    log: Path,
    format: str,
    to: Path,
    wrong_turn: WrongTurn | None,
    max_tokens: int | None,
    test_share: float,
    mix: str | None,
    push_to_hub: str | None,
    private: bool,
) -> None:
    """Write a RUN as a training set, the latest where none is named"""
    from master_autogen.export import Options
    from master_autogen.export import export as write
    from master_autogen.export.hub import push_to_hub as push
    from master_autogen.log import open_log

    options = Options(wrong_turn=wrong_turn, max_tokens=max_tokens, test_share=test_share, original=read_mix(mix))
    with closing(open_log(log)) as db:
        result = write(db, run_id, format, to, options)
    print_result(console(), result)
    print_missing(console(), result, options)
    if push_to_hub is not None:
        console().print(f"pushed to {push(result, push_to_hub, private=private)}", soft_wrap=True)


def read_mix(text: str | None) -> float:
    """`original=0.5` as a number; UserError where it is not written so."""
    if text is None:
        return 0.0
    name, _, share = text.partition("=")
    try:
        value = float(share)
    except ValueError:
        value = -1.0
    if name != "original" or not 0 <= value < float("inf"):
        raise UserError(f"--mix: {text!r} is not original=NUMBER, as in original=0.5")
    return value


def print_result(to: Console, result: ExportResult) -> None:
    test = f", {result.test_rows} of them for tests" if result.test_rows else ""
    to.print(
        f"{counted(result.rows, 'row')} of {counted(result.lessons, 'accepted lesson')} written to {result.path}{test}",
        soft_wrap=True,
    )
    if result.original_rows:
        to.print(
            f"and {counted(result.original_rows, 'original pair')}: {result.original_tokens:,} tokens to the lessons' "
            f"{result.lesson_tokens:,}",
            soft_wrap=True,
        )
    for path in result.also:
        what = "described in" if path.suffix in (".json", ".md") else "with"
        to.print(f"and {what} {path}", soft_wrap=True)
    for path in result.removed:
        to.print(f"removed {path}, a set of the export that was there before", soft_wrap=True)
    if result.parted:
        to.print(Text(f"  {counted(result.parted, 'row')} more came of lessons parted between two questions"))
    for reason, count in result.refused.items():
        to.print(Text(f"  {count} left out: {plain(reason)}", style="yellow"))


def print_missing(to: Console, result: ExportResult, options: Options) -> None:
    """What was asked for and is not there, although nothing was left out."""
    if options.test_share and not result.test_rows:
        to.print(Text(f"  no test set: --test-share {options.test_share:g} takes none of these questions", "yellow"))
    if options.original and not result.original_rows:
        to.print(Text(f"  no original pair: none is short enough for --mix original={options.original:g}", "yellow"))
