"""How far a run's judge can be trusted, as `runs show` tells it: counted over the log's grades."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console

from master_autogen.cli.request import shared_family
from master_autogen.cli.terminal import cell, counted, heading, number, table
from master_autogen.errors import UserError

if TYPE_CHECKING:
    from master_autogen.grading.agreement import Interval
    from master_autogen.records import Grade, Verdict

VERDICTS = ("better", "tie", "worse")
BY_VALUE = {1.0: "better", 0.5: "tie", 0.0: "worse"}
SAFE_KAPPA = 0.4
"""Below this a judge agrees with people too little to be preferred to checks."""


class Agreement(NamedTuple):
    """The run's verdicts beside those of people: `pairs` have both, `unjudged` only a person's."""

    kappa: float | None
    interval: Interval | None
    pairs: int
    unjudged: int


def read_labels(path: Path) -> dict[str, Verdict]:
    """People's verdicts by episode, from lines of {"episode": id, "verdict": "better" | "tie" | "worse"}: the candidate
    against its base. UserError names the line that is not so."""
    found: dict[str, Verdict] = {}
    try:
        lines = path.read_bytes().decode("utf-8-sig").split("\n")  # a line separator (U+2028) is text
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 text: {error.reason} at byte {error.start}") from None
    for at, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise UserError(f"{path}:{at}: not JSON: {error.msg}") from None
        except (ValueError, RecursionError) as error:  # a number of thousands of digits; thousands of brackets
            raise UserError(f"{path}:{at}: not JSON that can be read: {error}") from None
        episode, verdict = (row.get("episode"), row.get("verdict")) if isinstance(row, dict) else (None, None)
        if not isinstance(episode, str) or verdict not in VERDICTS:
            example = '{"episode": "5f0c2a77b0.1", "verdict": "better"}, or "tie", or "worse"'
            raise UserError(f"{path}:{at}: expected a line like {example}")
        if episode in found:
            raise UserError(f"{path}:{at}: episode {episode} has a verdict already")
        found[episode] = verdict
    if not found:
        raise UserError(f"{path}: holds no verdict")
    return found


def agreement(grades: Iterable[Grade], labels: Mapping[str, Verdict]) -> Agreement:
    """Cohen's kappa of the run's verdicts (a panel's majority) with people's."""
    from master_autogen.grading.agreement import kappa, kappa_interval

    judged = {g.episode_id: BY_VALUE[g.pi_llm] for g in grades if g.pi_llm is not None and g.detail.get("judges")}
    both = [episode for episode in labels if episode in judged]
    ours, theirs = [judged[episode] for episode in both], [labels[episode] for episode in both]
    return Agreement(kappa(ours, theirs), kappa_interval(ours, theirs), len(both), len(labels) - len(both))


def print_judge(
    to: Console, grades: Sequence[Grade], families: Sequence[str], labels: Mapping[str, Verdict] | None = None
) -> None:
    from master_autogen.grading.judges import JudgeRow, judge_rows

    rows = judge_rows(grades)
    if not rows and labels is None:
        return
    heading(to, "Judge", "flips: the order decides; length: correlation with being longer")
    if rows:
        columns = JudgeRow._fields[1:]
        made = table("judge", *columns, right=columns, wide=("judge",))
        for row in rows:
            counts = (str(count) for count in row[1:6])
            made.add_row(cell(row.judge), *counts, cell(_percent(row.flips)), cell(number(row.length)))
        to.print(made)
    if (settled := sum("settled" in grade.detail for grade in grades)) > 0:
        to.print(f"{counted(settled, 'pair')} settled by checks, without a judge", style="dim")
    if families:
        to.print(f"Beware: {shared_family(families)}", style="yellow")
    if labels is not None:
        to.print(_agreed(agreement(grades, labels)))
    to.print()


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.0%}"


def _agreed(found: Agreement) -> str:
    """What is told of the agreement with people."""
    left = f"; {counted(found.unjudged, 'labelled episode')} not judged in this run" if found.unjudged else ""
    over = f"over {counted(found.pairs, 'pair')}{left}"
    if found.kappa is None:
        return f"Agreement with people: no kappa {over} (too few, or one verdict throughout)"
    within = f" ({found.interval.low:.2f} to {found.interval.high:.2f}, 95 %)" if found.interval else ""
    low = f"; under {SAFE_KAPPA} checks are the better judge (`--judge verifier`)" if found.kappa < SAFE_KAPPA else ""
    return f"Agreement with people: kappa {found.kappa:.2f}{within} {over}{low}"
