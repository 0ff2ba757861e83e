"""What `replay --verify` and `replay --regrade` say."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from master_autogen.cli import request
from master_autogen.cli.terminal import cell, counted, number, plain, table

if TYPE_CHECKING:
    from master_autogen.records import CodeCheck, Grade

DIFFERS = 1
"""The exit code where an episode does not come out as it was recorded."""


def verify(
    to: Console, log: Path, episode: str, scenario: str | None, pool: str | None, code_check: CodeCheck = "off"
) -> int:
    """Print what came of playing the episode again; the exit code."""
    from master_autogen.log import open_log
    from master_autogen.replay import verify as play_again

    with closing(open_log(log, readonly=True)) as db:
        found = play_again(db, episode, scenario=scenario, pool=pool, code_check=code_check)
    from_files = f"scenario: {found.scenario}, pool: {found.pool}"
    made_of = f"{counted(found.turns, 'turn')} from {counted(found.calls, 'recorded call')}"
    if found.difference is None:
        to.print(Text(f"Episode {found.episode_id} comes out as it was played: {made_of}", style="green"))
        to.print(from_files, soft_wrap=True)
        return 0
    differs = found.difference
    to.print(Text(f"Episode {found.episode_id} comes out otherwise, first at {differs.where}", style="red"))
    to.print(plain(differs.what), soft_wrap=True, markup=False)
    for line in differs.diff:
        style = {"-": "red", "+": "green"}.get(line[:1], "dim")
        to.print(Text(f"  {plain(line)}", style=style))
    to.print(from_files, soft_wrap=True)
    return DIFFERS


def regrade(to: Console, log: Path, episode: str, judge: str, pool: str | None) -> None:
    """Grade the episode's lesson once more and print both grades of each of its episodes."""
    from master_autogen.log import get_run, open_log
    from master_autogen.pool import read_pool
    from master_autogen.replay import regrade as grade_again
    from master_autogen.replay.reading import find

    if pool is None:
        with closing(open_log(log, readonly=True)) as db:
            config = get_run(db, find(db, episode).lesson.plan.run_id).config
        pool = str(config.get("files", {}).get("pool") or config.get("pool"))
    graded_by = read_pool(pool)
    found = grade_again(log, episode, graded_by, request.judge_of(graded_by, judge))
    made = table("episode", "evaluator", "verdicts", "pi_llm", "pi", right=("pi_llm", "pi"), wide=("evaluator",))
    for grade in (*found.before, *found.added):
        made.add_row(
            grade.episode_id, cell(grade.evaluator), _verdicts(grade), _number(grade.pi_llm), _number(grade.pi)
        )
    to.print(made)
    to.print(f"The first grade of an episode counts; {counted(len(found.added), 'grade')} added.")


def _verdicts(grade: Grade) -> str:
    both = [str(verdict) for verdict in (grade.verdict_ab, grade.verdict_ba) if verdict is not None]
    return " / ".join(both) if both else "–"


def _number(value: float | None) -> str:
    return number(value) or "–"
