"""`master-autogen runs mark`: what a person says of an episode, over whatever the selection chose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from master_autogen.cli.groups import log_option
from master_autogen.cli.terminal import console

if TYPE_CHECKING:
    from master_autogen.log import Mark

_TOLD = {
    "accept": "is exported, whatever the selection chose",
    "reject": "is not exported",
    "clear": "has no mark; the selection decides",
}


@click.command()
@click.argument("episode_id", metavar="EPISODE")
@click.argument("verdict", metavar="accept|reject|clear", type=click.Choice(list(_TOLD)))
@click.option("--note", default="", help="Why, for whoever reads the log")
@log_option
def mark(episode_id: str, verdict: str, note: str, log: Path) -> None:
    """Accept or reject an EPISODE for exports, or take that back"""
    from master_autogen.log import mark_episode

    said: Mark | None = "accept" if verdict == "accept" else "reject" if verdict == "reject" else None
    episode = mark_episode(log, episode_id, said, note)
    console().print(f"Episode {episode.id} {_TOLD[verdict]}.", soft_wrap=True)
