"""`runs datasette` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli_kit import cli, write_inputs


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_log_is_described_for_datasette() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    result = cli("runs", "datasette", "--log", "a.db", "--to", "metadata.json")
    assert (result.exit_code, result.stdout) == (0, "written to metadata.json; now: datasette a.db -m metadata.json\n")
    assert list(json.loads(Path("metadata.json").read_text())["databases"]) == ["a"]


def test_a_description_cannot_be_a_folder() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    result = cli("runs", "datasette", "--log", "a.db", "--to", ".")
    assert (result.exit_code, result.stderr) == (2, "Error: . is a folder; name a file in it with --to\n")
