"""`scenarios`: the list, one in full, faults by line, and a new file that is right as it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from master_autogen.records import CHECKS
from master_autogen.scenario import read_scenario
from tests.cli_kit import SCENARIO, cli, lines

QUIZ = """\
Quiz
The asker asks, the solver solves.

Kinds    math, code, choice, general
Pair     asker + solver (what selection casts)
Opens    with the question
File     quiz.yaml

Roles
role    title   is
──────────────────
asker   Asker
solver  Solver

Phases
phase  role    sees       side          checks
────────────────────────────────────────────────────────────────────────────────
ask    asker   -          human         not_empty (asked again 2 times)
solve  solver  reference  gpt, trained  not_empty, right_answer (asked again 1
                                        time)
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_list_has_what_comes_along_and_what_is_here() -> None:
    Path("scenarios").mkdir()
    Path("scenarios/quiz.yaml").write_text(SCENARIO)
    output = lines(cli("scenarios").stdout)
    at = output.index("quiz" + " " * 57 + "scenarios/quiz.yaml")
    assert output[at + 1 : at + 3] == ["  The asker asks, the solver solves.", "  for math, code, choice, general"]
    names = [line.split()[0] for line in output if not line.startswith(" ")]
    assert names == ["analogical_reasoning", "debate", "error_correction", "quiz", "rewriting"]
    assert output[0].endswith(" shipped")


def test_a_faulty_file_is_told_in_its_place_and_the_others_are_listed() -> None:
    Path("scenarios").mkdir()
    Path("scenarios/bad.yaml").write_text(SCENARIO.replace("title: Quiz", "titel: Quiz"))
    Path("scenarios/quiz.yaml").write_text(SCENARIO)
    result = cli("scenarios", "list")
    output = lines(result.stdout)
    assert result.exit_code == 2
    at = output.index("bad" + " " * 59 + "scenarios/bad.yaml")
    assert output[at + 1 : at + 3] == [
        "  scenarios/bad.yaml:1: title: missing",
        "  scenarios/bad.yaml:2: titel: unknown key",
    ]
    names = [line.split()[0] for line in output if not line.startswith(" ")]
    assert names == ["analogical_reasoning", "bad", "debate", "error_correction", "quiz", "rewriting", "1"]
    assert output[-1] == "1 of 6 files with faults"


def test_show_tells_roles_and_phases() -> None:
    Path("quiz.yaml").write_text(SCENARIO)
    assert lines(cli("scenarios", "show", "quiz.yaml").stdout) == lines(QUIZ)


def test_show_tells_what_becomes_of_a_right_first_answer() -> None:
    shown = cli("scenarios", "show", "error_correction").stdout
    assert "again 3 times; if right, a" in shown
    assert shown.count("mistake is planted)") == 1


def test_check_says_ok_for_all_that_come_along() -> None:
    result = cli("scenarios", "check")
    assert result.exit_code == 0
    told = [
        line.split()[0] + " " + Path(line.split()[1]).name + " " + line.split(": ")[1] for line in lines(result.stdout)
    ]
    assert told == [
        "ok analogical_reasoning.yaml: 4 phases",
        "ok debate.yaml: 3 phases",
        "ok error_correction.yaml: 4 phases",
        "ok rewriting.yaml: 2 phases",
    ]


def test_check_prints_every_fault_by_its_line() -> None:
    Path("good.yaml").write_text(SCENARIO)
    wrong = SCENARIO.replace("response: solver", "response: solvr").replace("[not_empty]", "[not_emty]")
    Path("bad.yaml").write_text(wrong.replace("{{ reference }}", "{{ answer }}"))
    result = cli("scenarios", "check", "bad.yaml", "good.yaml")
    assert result.exit_code == 2
    assert lines(result.stdout) == [
        "bad.yaml:7: pair.response: no role 'solvr'; there are: asker, solver",
        f"bad.yaml:13: phases.1.checks.1: no check 'not_emty'; there are: {', '.join(CHECKS)}; "
        "one of your own comes with --checks FILE.py",
        "bad.yaml:18: phases.2.sees.1: sees 'reference', but neither prompt nor ask uses it",
        "bad.yaml:19: phases.2.prompt: {{ answer }}: the phase does not see it; add it to `sees`: [answer]; there are: "
        "confirmed, exchange, phase, question, reference, title",
        "ok  good.yaml: 2 phases",
        "1 of 2 files with faults",
    ]


def test_check_of_a_name_that_is_not_there() -> None:
    result = cli("scenarios", "check", "nosuch")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Error: no scenario named 'nosuch'; there are: analogical_reasoning, ")


def test_a_new_scenario_passes_the_check_and_can_be_played() -> None:
    result = cli("scenarios", "new", "peer_review")
    assert lines(result.stdout) == [
        "Wrote peer_review.yaml, a scenario to start from.",
        "  master-autogen scenarios check peer_review.yaml",
        "  master-autogen run peer_review.yaml --pool endpoint",
    ]
    assert lines(cli("scenarios", "check", "peer_review.yaml").stdout) == ["ok  peer_review.yaml: 2 phases"]
    scenario = read_scenario("peer_review.yaml")
    assert (scenario.name, scenario.pair.instruction) == ("peer_review", "tutor")
    assert "new_scenario" not in Path("peer_review.yaml").read_text()


def test_a_new_scenario_never_overwrites() -> None:
    Path("mine.yaml").write_text("mine")
    result = cli("scenarios", "new", "mine")
    told = "Error: mine.yaml is there already; choose another name, or move it away\n"
    assert (result.exit_code, result.stderr) == (2, told)
    assert Path("mine.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["Mine", "../mine", "mine.yaml", "1st", ""])
def test_a_new_scenario_needs_a_name_that_a_scenario_can_have(name: str) -> None:
    result = cli("scenarios", "new", name)
    told = f"Error: {name!r} is no name for a scenario: small letters, digits and _, as in peer_review\n"
    assert (result.exit_code, result.stderr) == (2, told)
    assert list(Path().iterdir()) == []


def test_a_new_scenario_is_played_by_the_names_of_the_log() -> None:
    cli("scenarios", "new", "peer_review")
    pool = {
        "name": "echo",
        "models": {
            "knows": {
                "provider": "scripted",
                "rules": [
                    {"when": "You are the learner.*?---\n(?P<reference>.*?)\n---", "say": ["{{ reference }}"]},
                    {"when": ".", "say": ["What would you look at first?"]},
                ],
            }
        },
        "agents": {"one": {"model": "knows"}},
        "instruction": ["one"],
        "response": ["one"],
        "base_pairs": [{"instruction": "one", "response": "one"}],
    }
    Path("echo.yaml").write_text(json.dumps(pool))  # JSON is YAML
    result = cli("run", "peer_review.yaml", "--pool", "echo.yaml", "--limit", 2, "--candidates", 0, "--quiet")
    assert "peer_review         2         0       0      2" in lines(result.stdout)
