"""What the README says of the tree and of the commands is so."""

from __future__ import annotations

import re
from pathlib import Path

import click

from master_autogen.cli.main import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _tree() -> str:
    found = re.search(r"## The tree\n\n```text\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_map_of_the_tree_names_what_is_there_and_nothing_else() -> None:
    above, inside = _tree().split("master_autogen/\n")
    package = set(re.findall(r"([a-z_]+(?:\.py|/))(?=\s)", inside))
    there = {f"{p.name}/" for p in (ROOT / "master_autogen").iterdir() if (p / "__init__.py").is_file()}
    there |= {p.name for p in (ROOT / "master_autogen").glob("*.py") if p.name != "__init__.py"}
    assert package == there
    named = {line.split()[0].rstrip("/") for line in above.splitlines() if line.split()[0].endswith("/")}
    assert named == {p.name for p in ROOT.iterdir() if p.is_dir() and not p.name.startswith(".") and _is_ours(p)} - {
        "master_autogen"
    }


def _is_ours(folder: Path) -> bool:
    return folder.name in {"scenarios", "notebooks", "benchmarks", "tests", "outputs", "master_autogen"}


def test_every_command_and_option_it_names_is_there() -> None:
    lines = re.findall(r"^(?:  )?master-autogen (.+)$", README, re.MULTILINE)
    assert len(lines) >= 8
    for line in lines:
        words = line.split("#")[0].split()
        command: click.Command = main
        while isinstance(command, click.Group) and words:
            found = command.get_command(click.Context(command), words[0])
            if found is None:
                break
            command = found
            words = words[1:]
        options = {opt for parameter in command.params for opt in parameter.opts}
        assert command is not main, line
        assert {word for word in words if word.startswith("--")} <= options, line


def test_it_hides_no_gap() -> None:
    assert "@@" not in README
