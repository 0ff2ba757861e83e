"""`--checks`: checks of the user's own, for a run and for the scenario files that name them."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from master_autogen.log import get_run, list_runs, open_log, run_lessons
from master_autogen.log.sql import fetch
from tests.cli_kit import cli, lines, write_inputs

CHECK = """\
from master_autogen.checks import CheckFinding, CheckInput, register


@register("names_its_answer", "the turn says which number is the answer")
def names_its_answer(turn: CheckInput) -> CheckFinding:
    said = "answer is" in turn.text
    return CheckFinding(passed=said, detail="" if said else "says no answer")
"""
TOLD = "no check 'names_its_answer'; there are: not_empty, complete, "


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """`run` of quiz.yaml, whose second phase names a check that my_checks.py has."""
    monkeypatch.chdir(tmp_path)
    arguments = [*write_inputs(tmp_path), "--quiet"]
    quiz = tmp_path / "quiz.yaml"
    quiz.write_text(quiz.read_text().replace("right_answer]", "right_answer, names_its_answer]"))
    (tmp_path / "my_checks.py").write_text(CHECK)
    return arguments


def findings() -> list[tuple[int | None, str]]:
    with closing(open_log(Path("a.db"), readonly=True)) as db:
        rows = fetch(
            db,
            "SELECT passed, detail FROM checks WHERE name = 'names_its_answer' ORDER BY episode_id, turn_idx, attempt",
            (),
        )
    return [(row["passed"], row["detail"]) for row in rows]


def test_a_run_looks_at_turns_by_a_check_of_ones_own(command: list[str]) -> None:
    assert cli(*command, "--checks", "my_checks.py").exit_code == 0
    found = findings()
    assert len(found) >= 8
    assert set(found) == {(1, "")}


def test_without_its_file_the_check_is_unknown(command: list[str]) -> None:
    result = cli(*command)
    assert result.exit_code == 2
    assert TOLD in result.stderr
    assert not Path("a.db").exists()
    assert cli(*command, "--checks", "my_checks.py").exit_code == 0
    assert TOLD in cli(*command, "--new").stderr


def test_a_check_that_fails_rejects(command: list[str]) -> None:
    Path("my_checks.py").write_text(CHECK.replace("answer is", "solution is"))
    cli(*command, "--checks", "my_checks.py")
    with closing(open_log(Path("a.db"), readonly=True)) as db:
        lessons = list(run_lessons(db, list_runs(db)[0].id))
    assert [lesson.status for lesson in lessons] == ["rejected"] * 4
    reasons = {episode.reason for lesson in lessons for episode in lesson.episodes}
    assert "solve: names_its_answer: says no answer" in reasons


def test_a_check_that_raises_does_not_stop_the_run(command: list[str]) -> None:
    Path("my_checks.py").write_text(CHECK.replace("    said =", "    turn.texts\n    said ="))
    assert cli(*command, "--checks", "my_checks.py").exit_code == 0
    told = "names_its_answer: AttributeError: 'CheckInput' object has no attribute 'texts'"
    assert set(findings()) == {(None, told)}


def test_a_changed_check_is_another_run(command: list[str]) -> None:
    own = [*command, "--checks", "my_checks.py"]
    cli(*own)
    again = cli(*own)
    Path("my_checks.py").write_text(CHECK + "\n# looked at again\n")
    cli(*own)
    with closing(open_log(Path("a.db"), readonly=True)) as db:
        runs = [get_run(db, run.id) for run in list_runs(db)]
    assert "was played to its end before" in again.stdout
    assert len({run.id for run in runs}) == 2
    recorded = [run.config["checks"] for run in runs]
    assert [[file["path"] for file in files] for files in recorded] == [["my_checks.py"]] * 2
    assert [[file["names"] for file in files] for files in recorded] == [[["names_its_answer"]]] * 2
    assert len({file["sha256"] for files in recorded for file in files}) == 2


def test_the_place_of_the_file_is_no_part_of_the_run(command: list[str]) -> None:
    cli(*command, "--checks", "my_checks.py")
    Path("elsewhere.py").write_text(CHECK)
    assert "was played to its end before" in cli(*command, "--checks", "elsewhere.py").stdout


def test_an_episode_is_verified_with_the_checks_it_was_played_with(command: list[str]) -> None:
    cli(*command, "--checks", "my_checks.py")
    with closing(open_log(Path("a.db"), readonly=True)) as db:
        episode = next(run_lessons(db, list_runs(db)[0].id)).episodes[0].id
    again = ["replay", episode, "--verify", "--log", "a.db"]
    assert TOLD in cli(*again).stderr
    assert cli(*again, "--checks", "my_checks.py").exit_code == 0


def test_faults_of_the_file_are_told_by_its_line(command: list[str]) -> None:
    Path("my_checks.py").write_text("import json\njson.loads('{')\n")
    for arguments in (
        command,
        ["scenarios", "check", "quiz.yaml"],
        ["scenarios", "list"],
        ["scenarios", "show", "debate"],
    ):
        result = cli(*arguments, "--checks", "my_checks.py")
        told = "Error: my_checks.py:2: JSONDecodeError: Expecting property name enclosed in double quotes: "
        assert (result.exit_code, result.stderr) == (2, f"{told}line 1 column 2 (char 1)\n")
    result = cli(*command, "--checks", "nosuch.py")
    told = "Error: --checks: there is no file nosuch.py; it is a Python file of your own\n"
    assert (result.exit_code, result.stderr) == (2, told)


def test_scenarios_name_them_too(command: list[str]) -> None:
    assert TOLD in cli("scenarios", "check", "quiz.yaml").stdout
    own = ["--checks", "my_checks.py"]
    assert lines(cli("scenarios", "check", "quiz.yaml", *own).stdout) == ["ok  quiz.yaml: 2 phases"]
    assert "names_its_answer" in cli("scenarios", "show", "quiz.yaml", *own).stdout
    Path("scenarios").mkdir()
    Path("quiz.yaml").rename("scenarios/quiz.yaml")
    assert TOLD in " ".join(cli("scenarios", "list").stdout.split())
    assert "scenarios/quiz.yaml" in cli("scenarios", "list", *own).stdout


def test_the_check_of_a_new_scenario_works_as_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example in the comments, uncommented."""
    monkeypatch.chdir(tmp_path)
    cli("scenarios", "new", "mine")
    text = Path("mine.yaml").read_text()
    example = [line[6:] for line in text.splitlines() if line.startswith("    #   ") or line == "    #"]
    Path("asks.py").write_text("\n".join(line.removeprefix("  ") for line in example) + "\n")
    Path("mine.yaml").write_text(text.replace("checks: [not_empty,", "checks: [asks, not_empty,", 1))
    assert "no check 'asks'" in cli("scenarios", "check", "mine.yaml").stdout
    result = cli("scenarios", "check", "mine.yaml", "--checks", "asks.py")
    assert lines(result.stdout) == ["ok  mine.yaml: 2 phases"]


def test_a_log_without_own_checks_says_nothing_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cli(*write_inputs(tmp_path), "--quiet")
    with closing(open_log(Path("a.db"), readonly=True)) as db:
        assert "checks" not in json.loads(json.dumps(get_run(db, list_runs(db)[0].id).config))
