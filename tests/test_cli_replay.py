"""`replay` as it is printed, to the letter, at 80 columns without colour."""

from __future__ import annotations

from pathlib import Path

import pytest

from master_autogen.cli.replay import graded
from master_autogen.log import LogWriter, RunRecord
from master_autogen.records import Grade
from tests.cli_kit import cli, lines
from tests.test_replay import LESSON, PLAN, TURNS, episode, write_log

SELECTED = """\
Error correction ───────────────────────────────────────────────────────────────
Episode  1e55041234.1, candidate 1 of 3
Result   selected
Round    2 of run run1
Seed     math, 8701b4521ca23b40, from tests
Cast     Teacher: calm, Slow student: slow, Student: careful
Grade    pi 0.40 from pi_llm 0.50, IFD 0.80; judged better, and tie in the other
         order

Question
  Ann has 4 boxes of 3 pens. How many pens is that?

Teacher                                                      pose · calm · model
  What is asked?
  ✓ not_empty  ? no_leak (the seed has no checkable answer)

  ↺ attempt 1 did not count: wrong_answer: says 12, which is right
    4 x 3 = 12. The answer is 12.

  ↺ attempt 2 did not count: complete: cut off by the token limit

Student                                           err, attempt 3 · slow · worded
  4 + 3 = 7. The answer is 7.
  ✓ wrong_answer

Student                                  revise, trained on · careful · template
  4 x 3 = 12. The answer is 12.
  ✓ right_answer
"""
FAILED = """\
Error correction ───────────────────────────────────────────────────────────────
Episode  1e55041234.3, candidate 3 of 3
Result   failed: timeout: no whole reply within 5 s
Round    2 of run run1
Seed     math, 8701b4521ca23b40, from tests
Cast     Teacher: calm, Slow student: slow, Student: careful
Grade    none: complete episodes alone are graded

Question
  Ann has 4 boxes of 3 pens. How many pens is that?

Teacher                                                      pose · calm · model
  What is asked?
  ✓ not_empty  ? no_leak (the seed has no checkable answer)

  ↺ attempt 1 did not count: timeout: no whole reply within 5 s
"""
PRIVATE = """\
to Student                                                            in private
  Private 6.

  ↺ attempt 1 did not count: wrong_answer: says 12, which is right
    4 x 3 = 12. The answer is 12.

  ↺ attempt 2 did not count: complete: cut off by the token limit

Student                                           err, attempt 3 · slow · worded
  4 + 3 = 7. The answer is 7.
  ✓ wrong_answer
  misconception: adds

Student                                  revise, trained on · careful · template
  4 x 3 = 12. The answer is 12.
  ✓ right_answer
  thought: Groups.

Reference                                                the seed's own response
  4 boxes of 3 pens are 4 x 3 = 12 pens. The answer is 12.
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("wanted", "shown"), [("1e55041234", SELECTED), ("1e55041234.3", FAILED)])
def test_an_episode_reads_as_a_conversation(wanted: str, shown: str) -> None:
    write_log(Path("a.db"))
    result = cli("replay", wanted, "--log", "a.db")
    assert (result.exit_code, lines(result.stdout), result.stderr) == (0, lines(shown), "")


def test_private_shows_what_each_speaker_was_told_and_the_reference() -> None:
    write_log(Path("a.db"))
    shown = lines(cli("replay", "1e", "--private", "--log", "a.db").stdout)
    assert shown[shown.index("to Student" + " " * 60 + "in private") :] == lines(PRIVATE)
    assert "to Teacher" + " " * 60 + "in private" in shown


def test_what_is_private_stays_out_without_it() -> None:
    write_log(Path("a.db"))
    shown = cli("replay", "1e", "--log", "a.db").stdout
    assert "Private" not in shown
    assert "4 boxes of 3 pens are" not in shown


def test_an_unknown_episode_and_an_ambiguous_one() -> None:
    write_log(Path("a.db"))
    other = PLAN.model_copy(update={"id": "1e66", "episodes": ()})
    with LogWriter("a.db") as log:
        log.begin_run(RunRecord(id="run1", started=1000.0))
        log.plan_round("run1", [other], [])
    path = Path("a.db").resolve()
    for wanted, told in (
        ("2f", f"no episode '2f' in {path}; `master-autogen runs show RUN` lists them"),
        ("1e55041234.", "more than one episode begins with '1e55041234.': 1e55041234.0, 1e55041234.1, 1e55041234.2, "
                        "1e55041234.3; give more of the id"),
    ):  # fmt: skip
        result = cli("replay", wanted, "--log", "a.db")
        assert (result.exit_code, result.stderr) == (2, f"Error: {told}\n")


def test_a_models_text_cannot_move_the_cursor_or_make_markup() -> None:
    wild = "[bold]\x1b[2J\x1b]0;title\x07red[/bold] :smile:\r\nnext\tline \ud800"
    said = TURNS[0].model_copy(update={"text": wild})
    lesson = LESSON.model_copy(update={"episodes": (episode(0), episode(1, turns=(said,), checks=()))})
    write_log(Path("a.db"), lesson)
    shown = lines(cli("replay", "1e", "--log", "a.db").stdout)
    assert "  [bold]�[2J�]0;title�red[/bold] :smile:" in shown
    assert "\x1b" not in "".join(shown)
    assert "  next    line ?" in shown


GRADE = Grade(
    episode_id="e", evaluator="j", basis="dual", ifd_small=0.8, ifd_large=0.5, pi_dual=0.3, pi_llm=1.0, pi=0.3
)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "pi 0.30 from pi_llm 1.00, pi_dual 0.30, IFD small 0.80, IFD large 0.50"),
        ({"basis": "single", "ifd_large": None}, "pi 0.30 from pi_llm 1.00, IFD 0.80"),
        ({"basis": "judge", "verdict_ab": "tie", "verdict_ba": "tie"},
         "pi 0.30 from pi_llm 1.00; judged tie in both orders"),
        ({"pi": None, "pi_llm": None, "missing_reason": "is_base"},
         "no pi (is_base); pi_dual 0.30, IFD small 0.80, IFD large 0.50"),
    ],
)  # fmt: skip
def test_a_grade_says_what_it_is_made_of(changes: dict[str, object], told: str) -> None:
    assert graded(GRADE.model_copy(update=changes)) == told
