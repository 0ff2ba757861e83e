"""What a run came to, as the end tables show it: counts and means over the log's own records. Prints nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from master_autogen.log import CallTotal, Database, LessonTotals, RunView, SelectedTotal, Totals
    from master_autogen.records import Kind, Pair, SelectionRow


class Shift(NamedTuple):
    """How the probability of a pair went: at its topic's first round, and at the latest."""

    pair: Pair
    before: float
    after: float


class Topic(NamedTuple):
    """What selection learns by."""

    scenario: str
    task_type: Kind

    def __str__(self) -> str:
        return f"{self.scenario}, {self.task_type}"


class Spent(NamedTuple):
    """Calls and what they took; `estimated` calls have no usage from their endpoint, `unpriced` ones are missing from
    `cost` (US dollars)."""

    calls: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    estimated: int
    cost: float | None
    unpriced: int


@dataclass(frozen=True)
class Summary:
    """A run as its end tables show it; `reasons` are those of lessons that were not accepted, by status, in short,
    `notes` what is to be known of the latest selection of a topic."""

    run: RunView
    lessons: LessonTotals
    reasons: Counter[tuple[str, str]]
    selected: Sequence[SelectedTotal]
    shifts: dict[Topic, list[Shift]]
    notes: dict[Topic, str]
    totals: Totals

    @property
    def spent(self) -> Spent:
        return spent(self.totals.calls)


def summarise(db: Database, run_id: str | None = None) -> Summary:
    """The run of this id or beginning of an id, the latest where None. UserError where there is none."""
    from master_autogen.log import get_run, lesson_totals, selected_totals, selection_history, totals

    run = get_run(db, run_id)
    lessons = lesson_totals(db, run.id)
    reasons: Counter[tuple[str, str]] = Counter()
    for (status, reason), count in lessons.reasons.items():
        reasons[status, short_reason(reason)] += count
    topics = by_topic(selection_history(db, run.id))
    return Summary(
        run=run,
        lessons=lessons,
        reasons=reasons,
        selected=selected_totals(db, run.id),
        shifts=_shifts(topics),
        notes={topic: note for topic, rounds in topics.items() if (note := note_of(rounds))},
        totals=totals(db, run.id),
    )


def spent(rows: Iterable[CallTotal]) -> Spent:
    """The sum of these rows."""
    rows = list(rows)
    costs = [row.cost for row in rows if row.cost is not None]
    return Spent(
        calls=sum(row.calls for row in rows),
        failed=sum(row.failed for row in rows),
        prompt_tokens=sum(row.prompt_tokens for row in rows),
        completion_tokens=sum(row.completion_tokens for row in rows),
        estimated=sum(row.estimated for row in rows),
        cost=sum(costs) if costs else None,
        unpriced=sum(row.unpriced for row in rows),
    )


def short_reason(reason: str) -> str:
    """A lesson's reason without what only this lesson says: the first episode's, for a check up to its name.

    >>> short_reason("rejected: err: wrong_answer: says 12, which is right; failed: timeout: no reply")
    'err: wrong_answer'
    """
    status, _, why = reason.split("; ")[0].partition(": ")
    if status == "rejected":
        return ": ".join(why.split(": ")[:2])
    return why if status == "failed" and why else reason


def by_topic(rows: Iterable[SelectionRow]) -> dict[Topic, dict[int, dict[Pair, SelectionRow]]]:
    """A run's selection rows by topic, then by round, then by pair; topics in the order of their names."""
    topics: dict[Topic, dict[int, dict[Pair, SelectionRow]]] = {}
    for row in rows:
        rounds = topics.setdefault(Topic(row.scenario, row.task_type), {})
        rounds.setdefault(row.round, {})[row.pair] = row
    return dict(sorted(topics.items()))


def note_of(rounds: Mapping[int, Mapping[Pair, SelectionRow]]) -> str | None:
    """What is to be known of a topic's latest selection."""
    return next((row.note for row in rounds[max(rounds)].values() if row.note), None)


def _shifts(topics: Mapping[Topic, Mapping[int, Mapping[Pair, SelectionRow]]]) -> dict[Topic, list[Shift]]:
    shifts: dict[Topic, list[Shift]] = {}
    for topic, rounds in topics.items():
        before, after = rounds[min(rounds)], rounds[max(rounds)]
        shifts[topic] = [Shift(pair, row.probability, after[pair].probability) for pair, row in before.items()]
    return shifts
