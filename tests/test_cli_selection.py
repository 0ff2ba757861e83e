"""`selection`: the latest probabilities of each topic, and their history in 80 columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from master_autogen.cli.selection import evenly
from master_autogen.log import LogWriter, RunRecord
from master_autogen.records import Kind, Pair, SelectionRow
from tests.cli_kit import cli, lines, write_inputs
from tests.test_log_rows import plan

CALM, LIVELY = (Pair(instruction=name, response="student") for name in ("calm", "lively"))

SHOW = """\
Run run1, after round 2

debate, code
pair              probability                    pulls  mean reward
───────────────────────────────────────────────────────────────────
calm + student          0.600  ━━━━━━━━━━━━━━━━      0            -
lively + student        0.400  ━━━━━━━━━━╸           4         0.25

debate, math
pair              probability                    pulls  mean reward
───────────────────────────────────────────────────────────────────
lively + student        0.700  ━━━━━━━━━━━━━━━━      4         0.25
calm + student          0.300  ━━━━━━━               0            -
"""
HISTORY = """\
Run run1

debate, code  blocks from 0.400 to 0.600
pair                      2  after
──────────────────────────────────
calm + student    ▅█  0.500  0.600
lively + student  ▅▁  0.500  0.400

debate, math  blocks from 0.300 to 0.700
pair                       1      2  after
──────────────────────────────────────────
lively + student  ▅▇█  0.500  0.650  0.700
calm + student    ▅▂▁  0.500  0.350  0.300
"""


def rows(topics: dict[Kind, list[float | None]], scenario: str = "debate") -> list[SelectionRow]:
    """For each task type the probability of `lively` after each round; that of `calm` is the rest."""
    made = []
    for kind, course in topics.items():
        for number, probability in enumerate(course, 1):
            for pair in (CALM, LIVELY) if probability is not None else ():
                share = (probability or 0.0) if pair is LIVELY else 1 - (probability or 0.0)
                made.append(
                    SelectionRow(
                        run_id="run1", round=number, scenario=scenario, task_type=kind, pair=pair, probability=share,
                        pulls=4 * (pair is LIVELY), reward_sum=1.0 * (pair is LIVELY), rule="paper",
                    )
                )  # fmt: skip
    return made


def write_log(selections: list[SelectionRow], rounds: int = 2) -> None:
    with LogWriter("a.db") as log:
        log.begin_run(RunRecord(id="run1", started=1000.0))
        for number in range(1, rounds + 1):
            log.plan_round("run1", [plan(number, round_number=number)], [])
        log.record_selections(selections)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_show_has_a_table_a_topic_the_likeliest_pair_first() -> None:
    write_log(rows({"math": [0.5, 0.65, 0.7], "code": [None, 0.5, 0.4]}))
    for command in (("selection",), ("selection", "show", "run")):
        assert lines(cli(*command, "--log", "a.db").stdout) == lines(SHOW)


def test_while_a_run_goes_on_the_latest_round_is_named() -> None:
    write_log(rows({"math": [0.5, 0.65]}))
    assert lines(cli("selection", "--log", "a.db").stdout)[0] == "Run run1, as round 2 is cast"


def test_history_has_a_line_a_pair_with_blocks_and_numbers() -> None:
    write_log(rows({"math": [0.5, 0.65, 0.7], "code": [None, 0.5, 0.4]}))
    assert lines(cli("selection", "history", "--log", "a.db").stdout) == lines(HISTORY)


def test_a_long_history_fits_in_80_columns_and_keeps_its_ends() -> None:
    write_log(rows({"math": [0.5 + n / 100 for n in range(41)]}), rounds=40)
    shown = lines(cli("selection", "history", "--log", "a.db").stdout)
    assert max(len(line) for line in shown) <= 80
    head, lively = shown[3].split(), shown[5].split()
    assert (head[1], head[-1]) == ("1", "after")
    assert (lively[4], lively[-1]) == ("0.500", "0.900")
    assert len(head) == len(lively) - 3


def test_history_of_one_scenario_and_task_type() -> None:
    write_log(rows({"math": [0.5, 0.6], "code": [0.5, 0.4]}) + rows({"math": [0.5, 0.7]}, "error_correction"))
    topics = [
        line.split("  ")[0]
        for line in lines(
            cli("selection", "history", "--scenario", "debate", "--task-type", "code", "--log", "a.db").stdout
        )
        if "blocks" in line
    ]
    assert topics == ["debate, code"]


def test_a_topic_that_the_run_does_not_have() -> None:
    write_log(rows({"math": [0.5], "code": [0.5]}))
    result = cli("selection", "history", "--scenario", "poems", "--log", "a.db")
    told = "Error: run run1 has no such selection; it has, by scenario and task type: debate code, debate math\n"
    assert (result.exit_code, result.stderr) == (2, told)


def test_a_run_of_which_no_round_was_planned() -> None:
    write_log([], rounds=0)
    result = cli("selection", "--log", "a.db")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: run run1 has no selection yet: no round of it was planned\n",
    )


def test_a_played_run_shows_what_it_learned() -> None:
    cli(*write_inputs(Path()), "--rounds", 2)
    shown = lines(cli("selection", "--log", "a.db").stdout)
    # One of four candidates was right and as good as its base (0.5), with beta 0.02: 0.51 / 1.01.
    assert [line.split() for line in shown[5:]] == [
        ["host", "+", "right", "0.505", "━" * 16, "1", "0.50"],
        ["host", "+", "wrong", "0.495", "━" * 15 + "╸", "3", "0.00"],
    ]


@pytest.mark.parametrize(
    ("count", "most", "chosen"), [(9, 3, [0, 4, 8]), (3, 3, [0, 1, 2]), (2, 5, [0, 1]), (10, 4, [0, 3, 6, 9])]
)
def test_places_are_spread_evenly_with_both_ends(count: int, most: int, chosen: list[int]) -> None:
    assert evenly(range(count), most) == chosen
