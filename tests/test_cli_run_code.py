"""`run --code-check`: programs are run where that was asked for, and the run's identity says so."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest

from master_autogen.cli.groups import CODE_CHECKS
from master_autogen.log import get_run, lesson_rows, open_log
from master_autogen.records import CodeCheck
from tests.cli_kit import cli

SEEDS = """\
{"instruction": "Write a Python function `add(a, b)` that adds.", "response": "```python\\ndef add(a, b):\\n    return a + b\\n```", "tests": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"]}
{"instruction": "Write a Python function `double(a)` that doubles.", "response": "```python\\ndef double(a):\\n    return 3 * a\\n```", "tests": ["assert double(2) == 4"]}
"""
FOUND = "SELECT DISTINCT name, passed, detail FROM checks WHERE name LIKE '%_answer' ORDER BY 1, 2, 3"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("code.jsonl").write_text(SEEDS)


def play(*options: str) -> tuple[str, list[tuple[object, ...]], list[str]]:
    done = cli("run", "error_correction", "--pool", "scripted", "--seeds", "code.jsonl", "--candidates", "0",
               "--log", "a.db", "--quiet", *options)  # fmt: skip
    assert done.exit_code == 0, done.output
    with closing(open_log(Path("a.db"), readonly=True)) as db:
        run = get_run(db)
        found = [tuple(row) for row in db.execute(FOUND)]
        return run.id, found, [row.status for row in lesson_rows(db, run.id)]


def test_programs_are_run_with_the_seeds_tests_where_asked_for() -> None:
    _, found, lessons = play("--code-check", "rlimit")
    assert found == [
        ("right_answer", 0, "fails assert double(2) == 4"),
        ("right_answer", 1, "passes the tests"),
        ("wrong_answer", 1, "fails assert add(1, 2) == 3"),
        ("wrong_answer", 1, "fails assert double(2) == 4"),
    ]
    assert sorted(lessons) == ["accepted", "rejected"], "the reference of the second seed is wrong"


def test_nothing_is_run_by_default_and_it_is_another_run() -> None:
    off, found, _ = play()
    assert {detail for _, _, detail in found} == {"programs are not run (--code-check is off)"}
    assert {passed for _, passed, _ in found} == {None}
    on, _, _ = play("--code-check", "rlimit")
    assert on != off
    with closing(open_log(Path("a.db"), readonly=True)) as db:
        assert [get_run(db, name).config["code_check"] for name in (off, on)] == ["off", "rlimit"]


def test_playing_an_episode_again_runs_its_programs_only_if_told_so() -> None:
    play("--code-check", "rlimit")
    with closing(open_log(Path("a.db"), readonly=True)) as db:
        (episode,) = next(iter(db.execute("SELECT id FROM episodes WHERE status = 'complete'")))
    told = cli("replay", episode, "--verify", "--log", "a.db")
    assert told.exit_code == 2
    assert told.stderr == (
        f"Error: episode {episode} was checked by running the programs in it; to run them once more, give "
        "--code-check rlimit or --code-check bwrap with --verify\n"
    )
    again = cli("replay", episode, "--verify", "--code-check", "rlimit", "--log", "a.db")
    assert again.exit_code == 0, again.output
    assert f"Episode {episode} comes out as it was played: 4 turns from 4 recorded calls" in again.output


def test_a_missing_bwrap_is_told_before_anything_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = cli("run", "error_correction", "--pool", "scripted", "--seeds", "code.jsonl", "--code-check", "bwrap", "--log", "a.db")  # fmt: skip
    assert done.exit_code == 2
    assert "--code-check bwrap: there is no bubblewrap (`bwrap`) on the PATH: install it, as in" in done.output
    assert not Path("a.db").exists()


def test_the_choices_are_those_of_the_records() -> None:
    assert get_args(CodeCheck) == CODE_CHECKS
