"""What a run's grades add up to, grouped in SQLite, and its lessons by name alone: for reports over any number."""

from __future__ import annotations

from collections.abc import Iterator

from sqlite_utils import Database

from master_autogen.log import rows
from master_autogen.log.sql import each, fetch
from master_autogen.log.views import GradeTotal, LessonKey

TENTHS = 10


def grade_totals(db: Database, run_id: str) -> list[GradeTotal]:
    """The candidates of a run by round, scenario and pair, with the grade that counts of each."""
    found = fetch(db, _TOTALS, (run_id,))
    names = [name for name in GradeTotal.model_fields if name != "pair"]
    return [GradeTotal.model_validate({name: f[name] for name in names} | {"pair": rows.pair_of(f)}) for f in found]


_PLAYED = """
FROM lessons CROSS JOIN episodes AS e ON e.lesson_id = lessons.id LEFT JOIN grades ON grades.episode_id = e.id
  AND seq = (SELECT min(seq) FROM grades AS own WHERE own.episode_id = e.id)
WHERE lessons.run_id = ? AND NOT is_base AND played
"""
_TOTALS = f"""
SELECT round, scenario, pair_instruction, pair_response, count(*) AS episodes,
  sum(e.status = 'rejected') AS rejected, sum(e.status = 'failed') AS failed,
  count(pi) AS graded, coalesce(sum(pi), 0.0) AS pi_sum,
  count(coalesce(ifd_small, ifd_large)) AS measured, coalesce(sum(coalesce(ifd_small, ifd_large)), 0.0) AS ifd_sum
{_PLAYED}
GROUP BY round, scenario, pair_instruction, pair_response
ORDER BY round, scenario, pair_instruction, pair_response
"""


def grade_tenths(db: Database, run_id: str) -> dict[str, list[int]]:
    """How many candidates of each scenario have a pi in [0, 0.1), [0.1, 0.2) … [0.9, 1]; what lies outside counts in
    the first or the last."""
    tenths: dict[str, list[int]] = {}
    for found in fetch(db, _TENTHS, (run_id,)):
        tenths.setdefault(found["scenario"], [0] * TENTHS)[found["tenth"]] = found["episodes"]
    return tenths


_TENTHS = f"""
SELECT scenario, max(0, min({TENTHS - 1}, CAST(pi * {TENTHS} AS INTEGER))) AS tenth, count(*) AS episodes
{_PLAYED} AND pi IS NOT NULL GROUP BY scenario, tenth ORDER BY scenario, tenth
"""


def lesson_keys(db: Database, run_id: str) -> Iterator[LessonKey]:
    """A run's lessons in lesson order, one by one."""
    query = "SELECT id, scenario, status FROM lessons WHERE run_id = ? ORDER BY round, position, id"
    return (LessonKey.model_validate(found) for found in each(db, query, (run_id,)))
