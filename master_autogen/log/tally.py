"""What a run adds up to: calls and cost, checks, and what each round gave selection and the scale of difficulty."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Database

from master_autogen.log import rows
from master_autogen.log.sql import fetch
from master_autogen.log.views import CallTotal, CheckTotal, CostRow, RewardRow, Totals
from master_autogen.records import Grade, Kind, SelectionRow


def selection_history(
    db: Database, run_id: str, scenario: str | None = None, task_type: Kind | None = None
) -> list[SelectionRow]:
    """A run's probabilities by round, scenario, task type and pair; of one scenario or task type where given."""
    found = fetch(
        db,
        "SELECT * FROM selections WHERE run_id = ? AND coalesce(scenario = ?, 1) AND coalesce(task_type = ?, 1) "
        "ORDER BY round, scenario, task_type, pair_instruction, pair_response",
        (run_id, scenario, task_type),
    )
    return [rows.selection_of(row) for row in found]


def round_rewards(db: Database, run_id: str, round_number: int) -> list[RewardRow]:
    """What a round's candidates earned their pairs, in lesson order, then by slot: what selection folds.

    The reward is `pi`; 0 for a rejected episode, and for one whose trained turns all are template text, which is no
    model's merit. Failed, unplayed and unread episodes (`pi` NULL) earn nothing and are left out, as bases are.
    """
    found = fetch(db, _CANDIDATES, (run_id, round_number))
    return [
        RewardRow.model_validate(
            {name: row[name] for name in RewardRow.model_fields if name not in ("pair", "reward")}
            | {"pair": rows.pair_of(row), "reward": reward}
        )
        for row in found
        if (reward := _reward(row)) is not None
    ]


def _reward(row: dict[str, Any]) -> float | None:
    if row["status"] == "rejected":
        return 0.0
    if row["status"] != "complete":
        return None
    return 0.0 if row["template_only"] else row["pi"]


# The grade that counts is the lesson's own, the first; a regrade by another evaluator comes after it.
_CANDIDATES = """
SELECT scenario, task_type, pair_instruction, pair_response, lesson_id, position, e.id AS episode_id, slot, e.status,
  (SELECT pi FROM grades WHERE grades.episode_id = e.id ORDER BY seq LIMIT 1) AS pi,
  (SELECT count(*) > 0 AND sum(made_by <> 'template') = 0 FROM turns WHERE turns.episode_id = e.id AND train)
    AS template_only
FROM lessons JOIN episodes AS e ON e.lesson_id = lessons.id
WHERE lessons.run_id = ? AND round = ? AND NOT is_base
ORDER BY position, lessons.id, slot
"""


def earlier_costs(db: Database, run_id: str, before: int) -> list[CostRow]:
    """What the turns of each candidate cost in a run's rounds before this one, in lesson order, then by slot.

    Attempts that failed are included where the server billed them. An episode with an answer of no known price is left
    out, as one without any call is.
    """
    found = fetch(db, _COSTS, (run_id, before))
    names = ("scenario", "task_type", "cost")
    return [CostRow.model_validate({name: row[name] for name in names} | {"pair": rows.pair_of(row)}) for row in found]


_COSTS = """
SELECT scenario, task_type, pair_instruction, pair_response, sum(cost) AS cost
FROM lessons JOIN episodes AS e ON e.lesson_id = lessons.id JOIN calls ON calls.episode_id = e.id
WHERE lessons.run_id = ? AND round < ? AND NOT is_base AND purpose = 'turn'
GROUP BY e.id HAVING count(cost) > 0 AND sum(calls.status = 'ok' AND cost IS NULL) = 0
ORDER BY round, position, lessons.id, slot
"""


def run_grades(db: Database, run_id: str) -> list[Grade]:
    """The grade that counts of every graded episode of a run, in lesson order, then by slot."""
    return [rows.grade_of(row) for row in fetch(db, _OWN_GRADES, (run_id,))]


_OWN_GRADES = """
SELECT grades.*
FROM lessons JOIN episodes AS e ON e.lesson_id = lessons.id JOIN grades ON grades.episode_id = e.id
WHERE lessons.run_id = ? AND seq = (SELECT min(seq) FROM grades AS own WHERE own.episode_id = e.id)
ORDER BY round, position, lessons.id, slot
"""


def earlier_gaps(db: Database, run_id: str, before: int) -> dict[str, list[float]]:
    """IFD_small - IFD_large of every graded episode of a run's rounds before this one, by the unit it is counted in
    (`token` or `byte`), in lesson order, then by slot: what the scale of difficulty comes from."""
    gaps: dict[str, list[float]] = {}
    for row in fetch(db, _GAPS, (run_id, before)):
        gaps.setdefault(row["unit"], []).append(row["gap"])
    return gaps


_GAPS = """
SELECT coalesce(json_extract(detail, '$.unit'), 'token') AS unit, ifd_small - ifd_large AS gap
FROM lessons JOIN episodes AS e ON e.lesson_id = lessons.id JOIN grades ON grades.episode_id = e.id
WHERE lessons.run_id = ? AND round < ? AND ifd_small IS NOT NULL AND ifd_large IS NOT NULL
  AND seq = (SELECT min(seq) FROM grades AS own WHERE own.episode_id = e.id)
ORDER BY round, position, lessons.id, slot
"""


def totals(db: Database, run_id: str) -> Totals:
    """A run's calls by round, purpose, agent and model, and its checks by scenario, phase and name."""
    with db.atomic():
        calls = fetch(db, _CALLS, (run_id,))
        checks = fetch(db, _CHECKS, (run_id,))
    return Totals(
        calls=tuple(CallTotal.model_validate(row) for row in calls),
        checks=tuple(CheckTotal.model_validate(row) for row in checks),
    )


_CALLS = """
SELECT round, purpose, agent, model, count(*) AS calls, sum(calls.status = 'error') AS failed,
  coalesce(sum(prompt_tokens), 0) AS prompt_tokens, coalesce(sum(completion_tokens), 0) AS completion_tokens,
  sum(tokens_estimated) AS estimated, sum(cost) AS cost, count(*) - count(cost) AS unpriced
FROM calls JOIN lessons ON lessons.id = lesson_id
WHERE calls.run_id = ? GROUP BY round, purpose, agent, model ORDER BY round, purpose, agent, model
"""

# A rejected turn has no row of its own; its phase is known from its calls.
_CHECKS = """
SELECT scenario, phase, name, coalesce(sum(passed = 1), 0) AS passed, coalesce(sum(passed = 0), 0) AS failed,
  sum(passed IS NULL) AS could_not_tell
FROM (
  SELECT scenario, name, passed, coalesce(
      (SELECT phase FROM turns WHERE turns.episode_id = e.id AND idx = turn_idx),
      (SELECT phase FROM calls WHERE calls.episode_id = e.id AND turn = turn_idx AND purpose = 'turn' LIMIT 1)
    ) AS phase
  FROM lessons JOIN episodes AS e ON e.lesson_id = lessons.id JOIN checks ON checks.episode_id = e.id
  WHERE lessons.run_id = ?
)
GROUP BY scenario, phase, name ORDER BY scenario, phase, name
"""
