"""What each judge of a panel said over a run, and how far it can be trusted. Counted over grades; asks nobody."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from master_autogen.grading.agreement import flip_rate, length_correlation
from master_autogen.records import Grade, Verdict


class JudgeRow(NamedTuple):
    """What one judge said of all pairs that it was shown; `flips` and `length` are None where too few could be read."""

    judge: str
    pairs: int
    better: int
    tie: int
    worse: int
    unread: int
    flips: float | None
    length: float | None


class _Said(NamedTuple):
    """One judge on one pair; `ab` and `ba` are verdicts where `pi_llm` is not None."""

    ab: Verdict
    ba: Verdict
    pi_llm: float | None
    longer_by: float


def judge_rows(grades: Iterable[Grade]) -> list[JudgeRow]:
    """One row a judge, in the order of the panel."""
    votes: dict[str, list[_Said]] = {}
    for grade in grades:
        for vote in grade.detail.get("judges", ()):
            said = _Said(vote["ab"], vote["ba"], vote["pi_llm"], grade.detail["longer_by"])
            votes.setdefault(vote["judge"], []).append(said)
    return [_row(judge, said) for judge, said in votes.items()]


def _row(judge: str, said: Sequence[_Said]) -> JudgeRow:
    values = [vote.pi_llm for vote in said]
    decided = [vote for vote in said if vote.pi_llm in (0.0, 1.0)]
    return JudgeRow(
        judge=judge,
        pairs=len(said),
        better=values.count(1.0),
        tie=values.count(0.5),
        worse=values.count(0.0),
        unread=values.count(None),
        flips=flip_rate([(vote.ab, vote.ba) for vote in said if vote.pi_llm is not None]),
        length=length_correlation([vote.longer_by for vote in decided], [vote.pi_llm == 1.0 for vote in decided]),
    )
