"""`selection`: the latest probabilities of each topic, and their history in 80 columns."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from master_autogen.cli.selection import evenly
from master_autogen.log import LogWriter, RunRecord, get_run, open_log
from master_autogen.records import Kind, Pair, SelectionRow
from tests.cli_kit import cli, lines, write_inputs
from tests.test_log_rows import plan

CALM, LIVELY = (Pair(instruction=name, response="student") for name in ("calm", "lively"))

SHOW = """\
Run run1, after round 2

debate, code  cast by paper
pair              probability            pulls  mean  95 %
──────────────────────────────────────────────────────────────────
calm + student          0.600  ━━━━━━━━      0     -  -
lively + student        0.400  ━━━━━╸        4  0.25  0.05 to 0.70

debate, math  cast by paper
pair              probability            pulls  mean  95 %
──────────────────────────────────────────────────────────────────
lively + student        0.700  ━━━━━━━━      4  0.25  0.05 to 0.70
calm + student          0.300  ━━━╸          0     -  -
Note: what is to be known of it

mean: of what the pair earned. 95 %: Wilson's interval of that mean
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
                        low=0.0456 if pair is LIVELY else None, high=0.6994 if pair is LIVELY else None,
                        note="what is to be known of it" if kind == "math" else None,
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
    cli(*write_inputs(Path()), "--rounds", 2, "--rule", "paper")
    shown = lines(cli("selection", "--log", "a.db").stdout)
    # One of four candidates was right and as good as its base (0.5), with beta 0.02: 0.51 / 1.01.
    assert [line.split() for line in shown[5:7]] == [
        ["host", "+", "right", "0.505", "━" * 8, "1", "0.50", "0.05", "to", "0.95"],
        ["host", "+", "wrong", "0.495", "━" * 8, "3", "0.00", "0.00", "to", "0.56"],
    ]


POSTERIOR = """\
quiz, math  cast by thompson
pair          probability            pulls  mean  95 %
──────────────────────────────────────────────────────────────
host + right        0.983  ━━━━━━━━      1  0.50  0.00 to 0.57
host + wrong        0.017                3  0.00  0.00 to 0.31

mean: of what the pair earned. 95 %: the posterior's interval of that mean, from
what the pair earned and what its two agents earned in other pairs
"""


def test_a_run_by_the_default_rule_shows_its_posterior() -> None:
    # Means 0.268 and 0.087, deviations 0.152 and 0.112, by conditioning on each of the four rewards by itself.
    cli(*write_inputs(Path()), "--rounds", 2)
    assert lines(cli("selection", "--log", "a.db").stdout)[2:] == lines(POSTERIOR)


def test_long_names_fold_and_the_numbers_stay_within_80_columns() -> None:
    long = Pair(instruction="teacher_" * 6, response="student_" * 6)
    write_log([row.model_copy(update={"pair": long}) for row in rows({"math": [0.5]})][1:])
    shown = lines(cli("selection", "--log", "a.db").stdout)
    assert max(len(line) for line in shown) <= 80
    assert shown[5].endswith("0.500  ━━━━━━━━      4  0.25  0.05 to 0.70")


def test_a_rule_that_another_stood_in_for_is_said_at_the_end_of_the_run_and_in_show() -> None:
    arguments = write_inputs(Path())
    free = Path("tiny.yaml").read_text().replace("    price: {prompt: 1, completion: 2}\n", "")
    Path("tiny.yaml").write_text(free)
    ended = lines(cli(*arguments, "--rounds", 2, "--rule", "thompson-cost").stdout)
    why = "asked for was thompson-cost, but no price is known for host +"
    assert f"  quiz, math: {why}" in ended
    shown = lines(cli("selection", "--log", "a.db").stdout)
    assert shown[2] == "quiz, math  cast by thompson"
    assert any(line.startswith(f"Note: {why}") for line in shown)


def test_the_floor_is_a_setting_of_the_run() -> None:
    cli(*write_inputs(Path()), "--rounds", 2, "--rule", "thompson-cost", "--floor", "0.9")
    with closing(open_log("a.db")) as db:
        assert get_run(db, None).config["floor"] == 0.9
    wrong = cli(*write_inputs(Path()), "--floor", "1.5")
    assert wrong.exit_code == 2
    assert "Invalid value for '--floor': 1.5 is not in the range" in wrong.stderr


@pytest.mark.parametrize(
    ("count", "most", "chosen"), [(9, 3, [0, 4, 8]), (3, 3, [0, 1, 2]), (2, 5, [0, 1]), (10, 4, [0, 3, 6, 9])]
)
def test_places_are_spread_evenly_with_both_ends(count: int, most: int, chosen: list[int]) -> None:
    assert evenly(range(count), most) == chosen
