"""The command `master-autogen`: its groups, and the one place where an error becomes a message for the user.

Rooms are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

from typing import Any

import click

from master_autogen import __version__
from master_autogen.cli.export import export
from master_autogen.cli.groups import INTERRUPTED
from master_autogen.cli.models import models
from master_autogen.cli.replay import replay
from master_autogen.cli.report import report
from master_autogen.cli.run import run
from master_autogen.cli.runs import runs
from master_autogen.cli.scenarios import scenarios
from master_autogen.cli.selection import selection
from master_autogen.errors import UserError, user_error_in


class Shown(click.ClickException):
    """An error as the user sees it: the message on stderr, exit code 2, no traceback."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        from master_autogen.cli.terminal import plain

        super().__init__(plain(message))  # it may repeat what stands in a file


class Main(click.Group):
    """The group of all commands."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise Shown(str(error)) from error
        except ExceptionGroup as group:  # what tasks raise comes out in a group
            theirs = user_error_in(group)
            if theirs is None:
                raise
            raise Shown(str(theirs)) from group
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
            ctx.exit(INTERRUPTED)


@click.group(cls=Main, context_settings={"auto_envvar_prefix": "MASTER_AUTOGEN", "help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="master-autogen", help="Show the version")
def main() -> None:
    """Simulated teaching that makes training data

    Lessons are played by language models as group chats, checked, graded and logged; the grades choose the next cast.
    Begin with `master-autogen run`, which needs no key and no network.

    Every option is an environment variable too: MASTER_AUTOGEN_RUN_POOL=endpoint stands for `run --pool endpoint`.
    """


for command in (run, replay, runs, scenarios, models, selection, export, report):
    main.add_command(command)
