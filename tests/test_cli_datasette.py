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


def test_a_description_never_takes_the_place_of_a_log() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    before = Path("a.db").read_bytes()
    result = cli("runs", "datasette", "--log", "a.db", "--to", "./a.db")
    assert (result.exit_code, result.stderr) == (2, "Error: a.db is the log; name another file with --to\n")
    assert Path("a.db").read_bytes() == before
    Path("other.db").write_bytes(before)
    result = cli("runs", "datasette", "--log", "a.db", "--to", "other.db")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: other.db: name a JSON file with --to, as in metadata.json\n",
    )
    assert Path("other.db").read_bytes() == before
    Path("a.db").rename("a.json")
    Path("b.json").symlink_to("a.json")
    for to in ("a.json", "b.json"):
        result = cli("runs", "datasette", "--log", "a.json", "--to", to)
        assert (result.exit_code, result.stderr) == (2, f"Error: {to} is the log; name another file with --to\n")
    assert Path("a.json").read_bytes() == before


def test_a_description_cannot_be_a_folder() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    Path("folder.json").mkdir()
    result = cli("runs", "datasette", "--log", "a.db", "--to", "folder.json")
    assert (result.exit_code, result.stderr) == (2, "Error: folder.json is a folder; name a file in it with --to\n")
