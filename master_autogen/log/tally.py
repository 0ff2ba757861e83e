"""What a run adds up to: lessons, calls and cost, grades and selection. What it learns from is in `learnt`."""

from __future__ import annotations

from collections.abc import Iterator

from sqlite_utils import Database

from master_autogen.log import rows
from master_autogen.log.ledger import check_totals, vote_totals
from master_autogen.log.read import lesson_rows
from master_autogen.log.sql import each, fetch
from master_autogen.log.views import CallTotal, LessonTotals, SelectedTotal, Totals
from master_autogen.records import Grade, Kind, LessonStatus, SelectionRow


def call_latencies(db: Database, most: int = 1_000) -> dict[str, list[float]]:
    """Seconds of the latest `most` answered calls, by model."""
    found: dict[str, list[float]] = {}
    query = "SELECT model, latency_s FROM calls WHERE status = 'ok' ORDER BY rowid DESC LIMIT ?"
    for row in fetch(db, query, (most,)):
        found.setdefault(row["model"], []).append(row["latency_s"])
    return found


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


def run_grades(db: Database, run_id: str) -> list[Grade]:
    """The grade that counts of every graded episode of a run, in lesson order, then by slot."""
    return list(each_grade(db, run_id))


def each_grade(db: Database, run_id: str) -> Iterator[Grade]:
    """The same, one by one."""
    return (rows.grade_of(row) for row in each(db, _OWN_GRADES, (run_id,)))


_OWN_GRADES = """
SELECT grades.*
FROM lessons JOIN episodes AS e ON e.lesson_id = lessons.id JOIN grades ON grades.episode_id = e.id
WHERE lessons.run_id = ? AND seq = (SELECT min(seq) FROM grades AS own WHERE own.episode_id = e.id)
ORDER BY round, position, lessons.id, slot
"""


def totals(db: Database, run_id: str) -> Totals:
    """A run's calls by round, purpose, role, agent and model, its checks and turns by who said what, its debates."""
    with db.atomic():
        calls = fetch(db, _CALLS, (run_id,))
        checks, turns = check_totals(db, run_id)
        votes = vote_totals(db, run_id)
    return Totals(
        calls=tuple(CallTotal.model_validate(row) for row in calls),
        checks=tuple(checks),
        turns=tuple(turns),
        votes=tuple(votes),
    )


_CALLS = """
SELECT round, purpose, CASE purpose WHEN 'turn' THEN coalesce(turns.role, '') ELSE purpose END AS role,
  calls.agent, model, count(*) AS calls, sum(calls.status = 'error') AS failed,
  coalesce(sum(prompt_tokens), 0) AS prompt_tokens, coalesce(sum(completion_tokens), 0) AS completion_tokens,
  sum(tokens_estimated) AS estimated, sum(cost) AS cost, count(*) - count(cost) AS unpriced
FROM calls JOIN lessons ON lessons.id = lesson_id
  LEFT JOIN turns ON turns.episode_id = calls.episode_id AND turns.idx = calls.turn AND purpose = 'turn'
WHERE calls.run_id = ? GROUP BY round, purpose, 3, calls.agent, model ORDER BY round, purpose, 3, calls.agent, model
"""


def lesson_totals(db: Database, run_id: str) -> LessonTotals:
    """A run's lessons by status, and why those that were not accepted were not."""
    statuses: dict[str, dict[LessonStatus, int]] = {}
    with db.atomic():
        for row in fetch(db, _STATUSES, (run_id,)):
            statuses.setdefault(row["scenario"], {})[row["status"]] = row["lessons"]
        reasons = fetch(db, _REASONS, (run_id,))
        episodes = fetch(db, _EPISODES, (run_id,))
        ((seeds,),) = (row.values() for row in fetch(db, _SEEDS, (run_id,)))
        first, best = (lesson_rows(db, run_id, only) for only in ("first", "best"))
    return LessonTotals(
        lessons=sum(sum(counts.values()) for counts in statuses.values()),
        seeds=seeds,
        statuses=statuses,
        reasons={(row["status"], row["reason"]): row["lessons"] for row in reasons},
        episodes={row["status"]: row["episodes"] for row in episodes},
        first=next(iter(first), None),
        best=next(iter(best), None),
    )


_STATUSES = """
SELECT scenario, status, count(*) AS lessons FROM lessons WHERE run_id = ?
GROUP BY scenario, status ORDER BY min(round), min(position), scenario, status
"""
_REASONS = """
SELECT status, reason, count(*) AS lessons FROM lessons WHERE run_id = ? AND reason IS NOT NULL
GROUP BY status, reason ORDER BY min(round), min(position), status, reason
"""
_EPISODES = """
SELECT e.status, count(*) AS episodes FROM lessons CROSS JOIN episodes AS e ON e.lesson_id = lessons.id
WHERE lessons.run_id = ? AND played GROUP BY e.status ORDER BY e.status
"""
_SEEDS = "SELECT count(DISTINCT seed_id) AS seeds FROM lessons WHERE run_id = ?"


def selected_totals(db: Database, run_id: str) -> list[SelectedTotal]:
    """What the selected episodes of each scenario are worth, in the order in which the scenarios were played."""
    return [SelectedTotal.model_validate(row) for row in fetch(db, _SELECTED, (run_id,))]


# The median is the mean of the one or two in the middle. An answer counts as it is in the attempt that counts.
_SELECTED = """
WITH selected AS (
  SELECT scenario, round, position, pi, coalesce(ifd_small, ifd_large) AS ifd, (
      SELECT CASE WHEN sum(passed = 0) THEN 'wrong' WHEN count(*) > 0 AND count(*) = count(passed) THEN 'right' END
      FROM turns JOIN checks ON checks.episode_id = turns.episode_id AND turn_idx = idx AND attempt = attempts
      WHERE turns.episode_id = selected_episode_id AND name = 'right_answer'
    ) AS answer
  FROM lessons LEFT JOIN grades ON grades.episode_id = selected_episode_id
    AND seq = (SELECT min(seq) FROM grades AS own WHERE own.episode_id = selected_episode_id)
  WHERE run_id = ? AND lessons.status = 'accepted'
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY scenario ORDER BY pi IS NULL, pi) AS at,
    count(pi) OVER (PARTITION BY scenario) AS graded
  FROM selected
)
SELECT scenario, count(*) AS lessons, count(pi) AS graded, avg(pi) AS pi_mean,
  avg(CASE WHEN at IN ((graded + 1) / 2, graded / 2 + 1) THEN pi END) AS pi_median, avg(ifd) AS ifd_mean,
  coalesce(sum(answer = 'right'), 0) AS right, coalesce(sum(answer = 'wrong'), 0) AS wrong,
  sum(answer IS NULL) AS unread
FROM ranked GROUP BY scenario ORDER BY min(round), min(position), scenario
"""
