"""What a run learns from, round by round: what each candidate earned its pair and cost, and how far apart the scorers
were.

It is worked out once, as a lesson ends, and stands in the lesson's `episodes`; so a round, or all the rounds of a run
that goes on, are read without a look into turns, calls and grades.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlite_utils import Database

from master_autogen.log import rows
from master_autogen.log.sql import fetch, to_json
from master_autogen.log.views import RewardRow
from master_autogen.records import Kind


class Taught(NamedTuple):
    """What one episode taught. `earned` is the candidate's reward, None where there is none; `cost` what its turns
    cost in US dollars, None where that is not known; `gap` is IFD_small - IFD_large in the unit that it is counted in.
    A base has a gap alone."""

    scenario: str
    task_type: Kind
    instruction: str
    response: str
    earned: float | None
    cost: float | None
    gap: float | None
    unit: str | None


def taught(db: Database, run_id: str, *, before: int, since: int = 1) -> Iterator[Taught]:
    """The episodes of a run's rounds from `since` to the one before `before`, in lesson order, then by slot; those that
    taught nothing are left out, and those of cancelled lessons, which do not count whatever came of them.

    The reward is `pi`; 0 for a rejected episode, and for one whose trained turns all are template text, which is no
    model's merit. Failed, unplayed and unread episodes (`pi` NULL) earn nothing. The grade that counts is the lesson's
    own, the first. The cost includes failed attempts where the server billed them, not what was cancelled as a run
    stopped and asked again as it went on; an episode with an answer of no known price has none.
    """
    return map(Taught._make, db.conn.execute(_TAUGHT, (run_id, since, before)))


_TAUGHT = """
SELECT scenario, task_type, pair_instruction, pair_response, earned, turns_cost, gap, gap_unit
FROM lessons CROSS JOIN episodes AS e ON e.lesson_id = lessons.id
WHERE lessons.run_id = ? AND round >= ? AND round < ? AND lessons.status <> 'cancelled' AND (
  earned IS NOT NULL OR turns_cost IS NOT NULL OR gap IS NOT NULL)
ORDER BY round, position, lessons.id, slot
"""


def gaps(db: Database, run_id: str, *, before: int) -> Iterator[tuple[str, float]]:
    """Of `taught`, (unit, gap) of every episode of a run's rounds up to the one before `before` that has one, in no
    order, and in a quarter of the time."""
    return iter(db.conn.execute(_GAPS, (run_id, before)))


_GAPS = """
SELECT gap_unit, gap FROM lessons CROSS JOIN episodes AS e ON e.lesson_id = lessons.id
WHERE lessons.run_id = ? AND round < ? AND gap IS NOT NULL AND lessons.status <> 'cancelled'
"""


def round_rewards(db: Database, run_id: str, round_number: int) -> list[RewardRow]:
    """What a round's candidates earned their pairs, in lesson order, then by slot; see `taught`."""
    return [
        RewardRow.model_validate(
            {name: row[name] for name in RewardRow.model_fields if name != "pair"} | {"pair": rows.pair_of(row)}
        )
        for row in fetch(db, _REWARDS, (run_id, round_number))
    ]


_REWARDS = """
SELECT scenario, task_type, pair_instruction, pair_response, lesson_id, position, e.id AS episode_id, slot, e.status,
  (SELECT pi FROM grades WHERE grades.episode_id = e.id ORDER BY seq LIMIT 1) AS pi, earned AS reward
FROM lessons JOIN episodes AS e ON e.lesson_id = lessons.id
WHERE lessons.run_id = ? AND round = ? AND earned IS NOT NULL AND lessons.status <> 'cancelled'
ORDER BY position, lessons.id, slot
"""


def work_out(db: Database, lesson_ids: Sequence[str]) -> None:
    """Write what lessons' episodes taught into their rows, from their turns, calls and grades as they stand."""
    db.conn.execute(_WORK_OUT, (to_json(list(lesson_ids)),))


_WORK_OUT = """
UPDATE episodes SET
  earned = CASE
    WHEN is_base THEN NULL
    WHEN status = 'rejected' THEN 0.0
    WHEN status <> 'complete' THEN NULL
    WHEN (SELECT count(*) > 0 AND sum(made_by <> 'template') = 0 FROM turns WHERE episode_id = episodes.id AND train)
      THEN 0.0
    ELSE (SELECT pi FROM grades WHERE episode_id = episodes.id ORDER BY seq LIMIT 1)
  END,
  turns_cost = CASE WHEN NOT is_base THEN (
    SELECT CASE WHEN sum(calls.status = 'ok' AND cost IS NULL) = 0 THEN sum(cost) END
    FROM calls WHERE calls.episode_id = episodes.id AND purpose = 'turn' AND error IS NOT 'cancelled'
  ) END,
  (gap, gap_unit) = (
    SELECT ifd_small - ifd_large, CASE WHEN ifd_small - ifd_large IS NOT NULL
      THEN coalesce(json_extract(detail, '$.unit'), 'token') END
    FROM grades WHERE episode_id = episodes.id ORDER BY seq LIMIT 1
  )
WHERE lesson_id IN (SELECT value FROM json_each(?))
"""
