"""`export` from the command line: where the rows went, and what was left out."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from master_autogen.cli.export import export as command
from master_autogen.cli.export import print_result
from master_autogen.cli.terminal import console
from master_autogen.export import FORMATS, ExportResult
from master_autogen.log import LogWriter
from tests.cli_kit import SCENARIO, cli, lines, write_inputs
from tests.test_cli_checks import CHECK
from tests.test_log_rows import RUN


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scenarios").mkdir()
    Path("scenarios/quiz.yaml").write_text(SCENARIO)


def test_the_selected_episodes_are_written() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    result = cli("export", "--to", "train.jsonl", "--log", "a.db", "--format", "messages")
    assert (result.exit_code, lines(result.stdout)) == (
        0,
        ["4 rows of 4 accepted lessons written to train.jsonl", "and described in train.md"],
    )
    assert len([json.loads(line) for line in Path("train.jsonl").read_text().splitlines()]) == 4


def test_files_written_beside_it_are_named() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    assert lines(cli("export", "--to", "sets/train.jsonl", "--log", "a.db").output) == [
        "4 rows of 4 accepted lessons written to sets/train.jsonl",
        "and described in sets/dataset_info.json",
        "and described in sets/train.md",
    ]


def test_a_set_that_is_taken_away_is_named() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    cli("export", "--to", "train.jsonl", "--log", "a.db", "--test-share", 0.8)
    told = lines(cli("export", "--to", "train.jsonl", "--log", "a.db").output)
    assert told[-1] == "removed test.jsonl, a set of the export that was there before"


def test_what_was_asked_for_and_is_not_there_is_said() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    told = lines(
        cli("export", "--to", "t.jsonl", "--log", "a.db", "--test-share", 0.01, "--mix", "original=0.01").output
    )
    assert told[-2:] == [
        "  no test set: --test-share 0.01 takes none of these questions",
        "  no original pair: none is short enough for --mix original=0.01",
    ]


def test_what_was_left_out_is_counted_by_reason(capsys: pytest.CaptureFixture[str]) -> None:
    result = ExportResult(rows=1, refused={"no trained turn": 2}, path=Path("a.jsonl"), also=(), lessons=3)
    print_result(console(), result)
    assert lines(capsys.readouterr().out) == [
        "1 row of 3 accepted lessons written to a.jsonl",
        "  2 left out: no trained turn",
    ]


def test_what_cannot_be_exported_is_said() -> None:
    with LogWriter("a.db") as log:
        log.begin_run(RUN)
    for arguments, told in (
        (["--format", "parquet"], f"no format 'parquet'; there are: {', '.join(FORMATS)}"),
        ([], "run run1 has no accepted lesson to export (it has no lessons); `master-autogen runs show run1` says why"),
    ):
        result = cli("export", "--to", "x.jsonl", "--log", "a.db", *arguments)
        assert (result.exit_code, result.stderr) == (2, f"Error: {told}\n")
        assert not Path("x.jsonl").exists()


def test_the_file_has_to_be_named() -> None:
    result = cli("export")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, "Error: Missing option '--to'.")


def test_the_help_names_the_formats_there_are() -> None:
    told = next(param.help for param in command.params if param.name == "format" and hasattr(param, "help"))
    assert told == f"Training format: {', '.join(FORMATS)}"


@pytest.mark.parametrize(
    "more",
    [
        [],
        ["--rule", "paper", "--beta", "0.05", "--target", "3", "--rounds", "2", "--random-seed", "7"],
        [
            "--rule",
            "thompson-cost",
            "--floor",
            "0.5",
            "--normaliser",
            "paper",
            "--code-check",
            "rlimit",
            "--limit",
            "3",
        ],
        ["--checks", "mine.py", "--seeds-per-round", "2"],
    ],
)
def test_the_card_says_how_to_make_it_again(more: list[str]) -> None:
    """The run that comes of it has the same id, which is made of all that a run is."""
    Path("mine.py").write_text(CHECK)
    cli(*write_inputs(Path()), *more)
    cli("export", "--to", "t.jsonl", "--log", "a.db", "--format", "messages")
    made, exported = Path("t.md").read_text().partition("```sh\n")[2].partition("\n```")[0].splitlines()
    assert made.startswith("master-autogen run quiz.yaml --pool tiny.yaml ")
    assert ("--floor" in made) == ("--floor" in more)
    cli(*shlex.split(made.replace("THE_SAME_SEEDS", "seeds.jsonl"))[1:], "--log", "b.db")
    rows = Path("t.jsonl").read_bytes()
    Path("t.jsonl").unlink()
    cli(*shlex.split(exported)[1:], "--log", "b.db")
    assert Path("t.jsonl").read_bytes() == rows


def test_the_card_says_how_it_was_exported() -> None:
    cli(*write_inputs(Path()))
    options = ["--wrong-turn", "train", "--max-tokens", "999", "--test-share", "0.8", "--mix", "original=0.1234567"]
    cli("export", "--to", "sets/t.jsonl", "--log", "a.db", "--format", "messages", *options)
    told = Path("sets/t.md").read_text().partition("```sh\n")[2].partition("\n```")[0].splitlines()[1]
    run_id = told.split()[2]
    assert told == f"master-autogen export {run_id} --format messages --to t.jsonl {' '.join(options)}"
