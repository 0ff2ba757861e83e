"""The command line as a whole: help, versions, errors of the user, and what `--help` must not load."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import master_autogen
from master_autogen.cli import main
from master_autogen.cli.main import Main
from master_autogen.errors import UserError
from tests.cli_kit import cli

HEAVY = ("aiohttp", "autogen_agentchat", "autogen_core", "datasets", "numpy", "openai", "pydantic", "sqlite_utils",
         "tiktoken", "xllamacpp", "yaml")  # fmt: skip


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{path} {name}".strip(), command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def test_the_commands_are_these() -> None:
    assert [name for name, _ in commands(main)] == [
        "run", "replay", "runs", "runs list", "runs show", "runs mark", "runs datasette", "scenarios", "scenarios list", "scenarios show",
        "scenarios check", "scenarios new", "models", "models list", "models check", "selection", "selection show",
        "selection history", "export", "report",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "command"), list(commands(main)))
def test_every_command_has_help_in_one_line_without_a_full_stop(name: str, command: click.Command) -> None:
    first = (command.help or "").splitlines()[0]
    assert first
    assert not first.endswith(".")
    for param in command.params:
        if isinstance(param, click.Option):
            assert param.help, param.name
            assert not param.help.endswith("."), param.name
            assert f"--{str(param.name).replace('_', '-')}" in param.opts, "its environment variable has another name"
    assert cli(*name.split(), "--help").exit_code == 0


@pytest.mark.parametrize("group", ["", *(name for name, c in commands(main) if isinstance(c, click.Group))])
def test_a_group_lists_its_commands_in_full(group: str) -> None:
    listed = cli(*group.split(), "--help").output.split("Commands:")[1]
    assert "..." not in listed


def test_version() -> None:
    assert cli("--version").output == f"master-autogen, version {master_autogen.__version__}\n"


def test_help_loads_no_heavy_library() -> None:
    code = (
        "import sys; from master_autogen.cli import main\n"
        "try: main(['run', '--help'])\n"
        f"except SystemExit: print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_options_are_environment_variables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER_AUTOGEN_MODELS_LIST_POOL", "nowhere")
    assert cli("models", "list").stderr.startswith("Error: no pool named 'nowhere'; there are: ")


@click.command()
@click.argument("how")
def broken(how: str) -> None:
    wrong = UserError("row 3 is wrong; mend it")
    if how == "alone":
        raise wrong
    if how == "in tasks":
        raise ExceptionGroup("unhandled errors in a TaskGroup", [ExceptionGroup("inner", [wrong])])
    raise ExceptionGroup("unhandled errors in a TaskGroup", [wrong, ValueError("a fault of ours")])


def test_ctrl_c_leaves_no_traceback() -> None:
    @click.command()
    def slow() -> None:
        raise KeyboardInterrupt

    result = CliRunner().invoke(Main(commands={"slow": slow}), ["slow"])
    assert (result.exit_code, result.output) == (130, "Stopped.\n")


@pytest.mark.parametrize("how", ["alone", "in tasks"])
def test_a_user_error_is_a_message_and_exit_code_2(how: str) -> None:
    result = CliRunner().invoke(Main(commands={"broken": broken}), ["broken", how])
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", "Error: row 3 is wrong; mend it\n")


def test_a_fault_of_ours_is_not_hidden_behind_one_of_the_user() -> None:
    result = CliRunner().invoke(Main(commands={"broken": broken}), ["broken", "both"])
    assert isinstance(result.exception, ExceptionGroup)


@pytest.mark.parametrize(
    "command", [("runs", "list"), ("runs", "show"), ("replay", "x"), ("selection", "show"), ("selection", "history"),
                ("export", "--to", "x.jsonl"), ("report", "--to", "x.html"), ("runs", "datasette", "--to", "x.json")],
)  # fmt: skip
def test_reading_commands_name_the_log_that_is_not_there(command: tuple[str, ...]) -> None:
    result = cli(*command)
    told = "Error: no log at outputs/log.db; run `master-autogen run` first, or name one with --log\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", told)
    assert not Path("outputs").exists()


def test_a_database_of_another_program_is_left_alone() -> None:
    with sqlite3.connect("other.db") as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    before = Path("other.db").read_bytes()
    told = "Error: other.db is a database of another program; name another file with --log\n"
    for command in (("runs",), ("run", "debate", "--pool", "scripted")):
        result = cli(*command, "--log", "other.db")
        assert (result.exit_code, result.stderr) == (2, told)
    assert Path("other.db").read_bytes() == before


def test_an_error_cannot_move_the_cursor() -> None:
    result = cli("scenarios", "show", "evil\x1b[2J\x9b.yaml")
    assert result.exit_code == 2
    assert result.stderr == "Error: no file evil�[2J�.yaml\n"
