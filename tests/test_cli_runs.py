"""`runs`: the list, and tables that add up to what the log holds."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from master_autogen.log import LogWriter
from tests.cli_kit import cli, lines, write_inputs
from tests.test_log_rows import RUN, call, lesson, plan, selection

CALLS = """\
Calls by agent  in, out: tokens
for    agent  model  calls  in  out  failed     cost
────────────────────────────────────────────────────
turn   weak   small      2  60   10       1  $0.0020
judge  judge  large      1  30    5       0  $0.0010
────────────────────────────────────────────────────
all                      3  90   15       1  $0.0030

Calls by role  judge, score: the evaluators
role     calls  in  out  failed     cost
────────────────────────────────────────
student      2  60   10       1  $0.0020
judge        1  30    5       0  $0.0010
────────────────────────────────────────
all          3  90   15       1  $0.0030

Calls by round
round  calls  in  out  failed     cost
──────────────────────────────────────
    1      2  60   10       1  $0.0020
    2      1  30    5       0  $0.0010
──────────────────────────────────────
  all      3  90   15       1  $0.0030
"""
CHECKS = """\
Checks  every attempt counts; unclear: the check could not tell
phase        check         passed  failed  unclear  share  again  rejected
──────────────────────────────────────────────────────────────────────────
correction
  (episode)  complete           6       0        0     0%      0         0
  solve      not_empty          0       0        6   100%      0         0
             right_answer       6       6        0     0%      0         0
──────────────────────────────────────────────────────────────────────────
all                            12       6        6    25%      0         0
"""
LESSONS = """\
3 lessons  selected: what to put after the id for `replay`
lesson    round  scenario    status    selected    pi  question
─────────────────────────────────────────────────────────────────────
run1-1-1      1  correction  accepted  -e1       0.50  What is 1 + 1?
run1-1-2      1  correction  rejected  -            -  What is 2 + 2?
run1-2-3      2  correction  pending   -            -  What is 3 + 3?
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_log() -> None:
    """Two lessons of round 1, one not played yet of round 2; three calls, of which one failed."""
    with LogWriter("a.db") as log:
        log.begin_run(RUN.model_copy(update={"config": {"pool": "tiny", "scenarios": ["correction"]}}))
        log.plan_round("run1", [plan(1), plan(2)], [selection()])
        log.plan_round("run1", [plan(3, round_number=2)], [selection(round_number=2)])
        log.put_call(call(1))
        log.put_call(call(2, status="error"))
        log.put_call(call(3, "run1-2-3", purpose="judge", agent="judge", model="large"))
        log.finish_lesson(lesson(1))
        rejected = {"status": "rejected", "selected_episode_id": None, "reason": "rejected: solve: right_answer: no"}
        log.finish_lesson(lesson(2).model_copy(update=rejected))


def part(output: list[str], first: str, count: int) -> list[str]:
    at = next(i for i, line in enumerate(output) if line.startswith(first))
    return output[at : at + count]


def test_the_list_has_a_line_a_run() -> None:
    write_log()
    began = datetime.fromtimestamp(1000.0).strftime("%Y-%m-%d %H:%M")
    head = "run   began             status   pool  accepted  calls  tokens     cost"
    for command in (("runs",), ("runs", "list")):
        output = lines(cli(*command, "--log", "a.db").stdout)
        assert output == [head, "─" * len(head), f"run1  {began}  running  tiny    1 of 3      3     105  $0.0030"]


def test_show_has_the_end_tables_and_totals_that_add_up() -> None:
    write_log()
    result = cli("runs", "show", "run", "--lessons", "--log", "a.db")
    output = lines(result.stdout)
    assert result.exit_code == 0
    assert part(output, "Lessons", 5) == [
        "Lessons",
        "scenario    accepted  rejected  failed  pending  total",
        "──────────────────────────────────────────────────────",
        "correction         1         1       0        1      3",
        "  1 rejected: solve: right_answer",
    ]
    assert part(output, "Calls by agent", 23) == lines(CALLS)
    assert part(output, "3 lessons", 6) == lines(LESSONS)
    assert part(output, "Calls  ", 1) == ["Calls    3 (1 failed); 90 tokens in, 15 out; $0.0030"]
    assert "runs show" not in result.stdout.split("Next")[1]


def test_the_ledger_counts_every_check_of_every_attempt() -> None:
    write_log()
    output = lines(cli("runs", "show", "--log", "a.db").stdout)
    assert part(output, "Checks  every", 9) == lines(CHECKS)


def test_a_played_run_adds_up_from_seeds_to_calls() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    output = cli("runs", "show", "--log", "a.db").stdout
    by_agent, by_role, by_round = (
        next(line for line in output.split(table)[1].splitlines() if line.strip().startswith("all")).split()[1:]
        for table in ("Calls by agent", "Calls by role", "Calls by round")
    )
    assert by_agent == by_role == by_round == ["19", "420", "112", "$0.0006"]
    roles = output.split("Calls by role")[1].split("Calls by round")[0]
    assert [line.split()[:2] for line in roles.splitlines()[3:5]] == [["asker", "8"], ["solver", "11"]]


def test_an_unknown_run_is_named() -> None:
    write_log()
    told = f"Error: no run 'xyz' in {Path('a.db').resolve()}; `master-autogen runs list` shows them\n"
    for command in (("runs", "show"), ("selection", "show"), ("selection", "history")):
        result = cli(*command, "xyz", "--log", "a.db")
        assert (result.exit_code, result.stderr) == (2, told)
