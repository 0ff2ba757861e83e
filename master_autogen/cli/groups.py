"""What the commands share: a group whose verb may be left out, and the option that names the log."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

INTERRUPTED = 130
"""What a shell gives a command that Ctrl-C stopped."""

DEFAULT_LOG = Path("outputs/log.db")

CODE_CHECKS = ("off", "bwrap", "rlimit")
"""Those of `records`, which would load pydantic for `--help`."""


class VerbGroup(click.Group):
    """A group that does its `default` where no verb is given: `runs` is `runs list`."""

    default = "list"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_help = bool(args) and args[0] in ctx.help_option_names
        if not args or (args[0].startswith("-") and not asks_help):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


log_option = click.option(
    "--log",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULT_LOG,
    show_default=True,
    help="Log to read",
)
checks_option = click.option(
    "--checks",
    type=click.Path(path_type=Path),
    multiple=True,
    metavar="FILE.py",
    help="Python file of checks of your own, which is run as it is",
)
run_argument = click.argument("run_id", metavar="[RUN]", required=False)


def with_log(command: str, log: Path) -> str:
    """`command` as the user has to type it: with `--log` where the log is not the default one."""
    return command if log == DEFAULT_LOG else f"{command} --log {shlex.quote(str(log))}"
