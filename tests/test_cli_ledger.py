"""The ledger on the terminal, against a run small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from master_autogen.cli.ledger import added, beside, percent, print_who
from master_autogen.log import CheckTotal, TurnTotal, VoteTotal
from tests.cli_kit import cli, lines, write_inputs

ENDS = """\
Checks   8 episodes played: 1 complete, 7 rejected
         7 turns asked again: right_answer 7
         rejected by right_answer 7
         could not tell 0 of 38 results (0%)
"""
BY_AGENT = """\
agent  check         passed  failed  unclear  share  again  rejected
────────────────────────────────────────────────────────────────────
host   not_empty          8       0        0     0%      0         0
right  not_empty          1       0        0     0%      0         0
       right_answer       1       0        0     0%      0         0
wrong  not_empty         14       0        0     0%      0         0
       right_answer       0      14        0     0%      7         7
────────────────────────────────────────────────────────────────────
all                      24      14        0     0%      7         7
"""
WHO = """\
Asked again and rejected  for: the first check that failed
          turns  again  rejected  for
─────────────────────────────────────────────────
role
  asker       8      0         0
  solver      8      7         7  right_answer 14
agent
  host        8      0         0
  right       1      0         0
  wrong       7      7         7  right_answer 14
round
  1           8      4         4  right_answer 8
  2           8      3         3  right_answer 6
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_who_was_asked_again_and_rejected_adds_up() -> None:
    """Four lessons of a base and a candidate. `wrong` plays all four bases and three candidates: each says the wrong
    answer, is asked again once, says it again, and is rejected."""
    ended = lines(cli(*write_inputs(Path(), base="wrong"), "--rounds", 2).stdout)
    at = ended.index(lines(ENDS)[0])
    assert ended[at : at + 4] == lines(ENDS)
    shown = "\n".join(lines(cli("runs", "show", "--log", "a.db", "--by", "agent").stdout))
    assert BY_AGENT in shown
    assert WHO in shown
    by_round = "\n".join(lines(cli("runs", "show", "--log", "a.db", "--by", "round").stdout))
    assert "1      not_empty         12       0        0     0%      0         0\n" in by_round
    assert "       right_answer       0       8        0     0%      4         4\n" in by_round


def test_every_line_of_a_full_ledger_fits_80_columns() -> None:
    command = ("run", "error_correction", "analogical_reasoning", "debate", "--pool", "scripted", "--limit", 9)
    assert cli(*command, "--candidates", 1, "--log", "a.db").exit_code == 0
    shown = cli("runs", "show", "--log", "a.db").stdout
    assert max(len(line) for line in shown.split("\nNext")[0].splitlines()) <= 80
    assert "                 no_calculation " in shown  # no check's name is folded
    assert "Debate and vote  18 episodes of debate with a checkable answer" in shown


def test_many_rounds_are_cut_short(capsys: pytest.CaptureFixture[str]) -> None:
    zero = {"scenario": "s", "phase": "p", "role": "r", "agent": "a", "name": "c", "passed": 0, "could_not_tell": 0}
    checks = [CheckTotal(**zero, round=n, failed=1, asked_again=1, rejected=0) for n in range(1, 12)]
    turns = [
        TurnTotal(round=n, scenario="s", phase="p", role="r", agent="a", turns=2, attempts=3) for n in range(1, 12)
    ]
    print_who(Console(width=80), checks, turns)
    output = lines(capsys.readouterr().out)
    rounds = output[output.index("round") + 1 :]
    assert rounds[0] == "  3 rounds before: --by round"
    assert [line.split()[:3] for line in rounds[1:9]] == [[str(n), "2", "1"] for n in range(4, 12)]


def vote(outcome: str, voters: tuple[str, ...], conclusion: str, episodes: int) -> VoteTotal:
    found = {"vote": outcome, "voters": voters, "conclusion": conclusion, "episodes": episodes}
    return VoteTotal.model_validate({"scenario": "debate", **found})


def test_what_debate_added_over_the_vote() -> None:
    rows = [
        vote("right", ("right", "right", "right"), "right", 12),
        vote("right", ("right", "wrong", "right"), "right", 6),
        vote("right", ("right", "right", "wrong"), "wrong", 1),
        vote("wrong", ("wrong", "wrong", "right"), "right", 5),
        vote("split", ("wrong", "right", "wrong"), "right", 4),
        vote("unread", ("unread", "unread", "wrong"), "unread", 2),
    ]
    found = beside(rows)
    assert found._asdict() == {
        "episodes": 30, "first": 19, "agreed": 13, "vote": 19, "tried": 23, "concluded": 27, "gained": 9, "lost": 1,
        "split": 4, "unread": 2,
    }  # fmt: skip
    assert added(found) == "debate right 27 of 30, vote of the same first answers 19 of 30: +8"


@pytest.mark.parametrize(("share", "shown"), [(0, "0%"), (0.031, "3.1%"), (0.1, "10%"), (0.555, "56%"), (1, "100%")])
def test_small_shares_have_a_digit_more(share: float, shown: str) -> None:
    assert percent(share) == shown
