"""The ledger: which check let pass, asked again and rejected what, said by whom; and what a debate added over a vote.

Grouped in SQLite, since a run may hold millions of check results: turns that went alike come out as one row with their
number.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlite_utils import Database

from master_autogen.log.sql import fetch
from master_autogen.log.views import CheckTotal, TurnTotal, VoteTotal


class _Said(NamedTuple):
    """By whom and where. `phase`, `role` and `agent` are None for a check of a whole episode."""

    round: int
    scenario: str
    phase: str | None
    role: str | None
    agent: str | None


class _Result(NamedTuple):
    attempt: int
    passed: bool | None
    name: str


def check_totals(db: Database, run_id: str) -> tuple[list[CheckTotal], list[TurnTotal]]:
    """All check results of a run by round, scenario, phase, role, agent and check, and the turns they were found on.

    Every attempt counts. What was asked again is put down to the first check of that attempt that failed (that could
    not tell, where none failed), and a rejection to the check that its reason names, so that both add up to what
    happened: `asked_again` to attempts that do not count, `rejected` to episodes.
    """
    with db.atomic():
        turns = fetch(db, _TURNS, (run_id,))
        strays = fetch(db, _STRAYS, (run_id, run_id))
    roles = {(row["scenario"], row["phase"]): row["role"] for row in turns}
    counts: defaultdict[tuple[_Said, str], Counter[str]] = defaultdict(Counter)
    heard: defaultdict[_Said, list[int]] = defaultdict(lambda: [0, 0])
    for row in turns:
        said = _said(row)
        heard[said][0] += row["times"]
        heard[said][1] += row["times"] * row["attempts"]
        _count(counts, said, row)
    for row in strays:
        _count(counts, _said(row)._replace(role=roles.get((row["scenario"], row["phase"]))), row)
    checks = [
        CheckTotal.model_validate(
            said._asdict() | {"name": name} | {column: counts[said, name][column] for column in _COLUMNS}
        )
        for said, name in sorted(counts, key=_in_order)
    ]
    return checks, [
        TurnTotal.model_validate(said._asdict() | {"turns": times, "attempts": attempts})
        for said, (times, attempts) in sorted(heard.items(), key=lambda item: _in_order((item[0], "")))
    ]


_COLUMNS = ("passed", "failed", "could_not_tell", "asked_again", "rejected")


def _said(row: dict[str, Any]) -> _Said:
    return _Said(*(row[name] for name in _Said._fields))


def _in_order(key: tuple[_Said, str]) -> tuple[object, ...]:
    said, name = key
    return (said.round, said.scenario, *(part or "" for part in said[2:]), name)


def _count(counts: defaultdict[tuple[_Said, str], Counter[str]], said: _Said, row: dict[str, Any]) -> None:
    """Add the results of turns that went alike, `times` of them."""
    times, results = row["times"], _results(row["results"])
    for result in results:
        column = "could_not_tell" if result.passed is None else "passed" if result.passed else "failed"
        counts[said, result.name][column] += times
    for name in _blamed(results, row["attempts"]):
        counts[said, name]["asked_again"] += times
    if row["rejected_by"] is not None and any(result.name == row["rejected_by"] for result in results):
        counts[said, row["rejected_by"]]["rejected"] += times


def _results(text: str | None) -> list[_Result]:
    """The results as `_TURNS` puts them together: a line "attempt passed name" each, passed 2 where it is NULL."""
    split = (line.split(" ", 2) for line in (text or "").splitlines())
    return [_Result(int(attempt), None if passed == "2" else passed == "1", name) for attempt, passed, name in split]


def _blamed(results: Iterable[_Result], counting: int | None) -> list[str]:
    """For each attempt that does not count the check it is put down to; none where all passed."""
    blamed: dict[int, _Result] = {}
    for result in results:
        if result.passed is True or result.attempt == counting:
            continue
        before = blamed.setdefault(result.attempt, result)
        if before.passed is None and result.passed is False:
            blamed[result.attempt] = result
    return [result.name for result in blamed.values()]


# The reason of a rejected episode begins with the phase and the check: "solve: right_answer: says 5, which is wrong".
_LINES = """
  SELECT attempt || ' ' || coalesce(passed, 2) || ' ' || name AS line
  FROM checks WHERE checks.episode_id = e.id AND turn_idx = idx
"""
# The order within an attempt says what it is put down to; it costs time, and an attempt that counts is not.
_RESULTS = f"""
  CASE attempts WHEN 1 THEN (SELECT group_concat(line, char(10)) FROM ({_LINES}))
  ELSE (SELECT group_concat(line, char(10)) FROM ({_LINES} ORDER BY seq)) END AS results
"""
_TURNS = f"""
SELECT round, scenario, phase, role, agent, attempts, rejected_by, results, count(*) AS times FROM (
  SELECT round, scenario, phase, role, agent, attempts,
    CASE WHEN e.status = 'rejected' AND instr(e.reason, phase || ': ') = 1 THEN substr(
      substr(e.reason, length(phase) + 3), 1, instr(substr(e.reason, length(phase) + 3), ': ') - 1) END AS rejected_by,
    {_RESULTS}
  FROM lessons CROSS JOIN episodes AS e ON e.lesson_id = lessons.id CROSS JOIN turns ON turns.episode_id = e.id
  WHERE lessons.run_id = ?
)
GROUP BY round, phase, agent, scenario, role, attempts, rejected_by, results
"""

# Results without a turn: of whole episodes, and of turns that were asked for until the episode failed. The calls know
# their phase and agent.
_STRAYS = f"""
SELECT round, scenario, (SELECT phase FROM calls WHERE {{call}} LIMIT 1) AS phase, NULL AS role,
  (SELECT agent FROM calls WHERE {{call}} LIMIT 1) AS agent, attempts, NULL AS rejected_by,
  {_RESULTS}, 1 AS times
FROM (
  SELECT e.id, round, scenario, -1 AS idx, NULL AS attempts
  FROM lessons CROSS JOIN episodes AS e ON e.lesson_id = lessons.id
  WHERE lessons.run_id = ? AND EXISTS (SELECT 1 FROM checks WHERE checks.episode_id = e.id AND turn_idx = -1)
  UNION
  SELECT e.id, round, scenario, turn_idx, NULL
  FROM lessons CROSS JOIN episodes AS e ON e.lesson_id = lessons.id CROSS JOIN checks ON checks.episode_id = e.id
  WHERE lessons.run_id = ? AND e.status <> 'complete'
    AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.episode_id = e.id AND turns.idx = turn_idx)
) AS e
""".format(call="calls.episode_id = e.id AND turn = idx AND purpose = 'turn'")


def vote_totals(db: Database, run_id: str) -> list[VoteTotal]:
    """How the debates of a run came out beside a vote, over all their episodes that came to a checkable conclusion.

    Both from the details of the check `majority` (`checks.majority` says what the vote is): the vote as it stood when
    the conclusion was first tried, the conclusion as it was when it was last read, after it may have been asked again.
    """
    rows = fetch(db, _VOTES, (run_id,))
    found = [(row, row["first"].split(" of ", 1), row["last"].split(" of ", 1)[1].split(", ")) for row in rows]
    return [
        VoteTotal.model_validate(
            {"scenario": row["scenario"], "vote": vote, "voters": voters.split(", "), "conclusion": last[-1]}
            | {"episodes": row["episodes"]}
        )
        for row, (vote, voters), last in found
    ]


# A detail is "vote right of right, wrong, right: 37, 35, 37": what is counted stands before the colon.
_VOTES = """
SELECT scenario, first, last, count(*) AS episodes FROM (
  SELECT scenario, substr(f.detail, 6, instr(f.detail, ':') - 6) AS first,
    (SELECT substr(l.detail, 6, instr(l.detail, ':') - 6) FROM checks AS l
     WHERE l.episode_id = f.episode_id AND l.turn_idx = f.turn_idx AND l.name = f.name AND l.detail LIKE 'vote %:%'
     ORDER BY attempt DESC LIMIT 1) AS last
  FROM lessons CROSS JOIN episodes AS e ON e.lesson_id = lessons.id CROSS JOIN checks AS f ON f.episode_id = e.id
  WHERE lessons.run_id = ? AND f.name = 'majority' AND f.attempt = 1 AND f.detail LIKE 'vote %:%'
)
GROUP BY scenario, first, last ORDER BY scenario, first, last
"""
