"""`report` from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli_kit import cli, write_inputs
from tests.html_kit import Page


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_run_is_written_as_a_page() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    result = cli("report", "--to", "out/report.html", "--log", "a.db")
    page = Page(Path("out/report.html"))
    run = page.named("title")[0].removeprefix("Run ")
    assert (result.exit_code, result.stdout) == (
        0,
        f"run {run} written to out/report.html: 4 lessons, all of them to be read, 0.1 MB\n",
    )
    assert len(page.lessons) == 4
    assert cli("report", run[:5], "--to", "again.html", "--log", "a.db").exit_code == 0
    assert Path("again.html").read_bytes() == Path("out/report.html").read_bytes()


def test_what_cannot_be_reported_is_said() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    result = cli("report", "nothing", "--to", "report.html", "--log", "a.db")
    assert (result.exit_code, result.stderr) == (
        2,
        f"Error: no run 'nothing' in {Path('a.db').absolute()}; `master-autogen runs list` shows them\n",
    )
    assert not Path("report.html").exists()
