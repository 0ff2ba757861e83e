"""What a run came to, as the end tables show it: counts and means over the log's own records. Prints nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from master_autogen.log import CallTotal, Database, LessonRow, RunView
    from master_autogen.records import Episode, Grade, Kind, Lesson, Pair, SelectionRow


@dataclass
class Graded:
    """The selected episodes of one scenario. `right` to `unread` say what the checks found of their final answers."""

    pis: list[float] = field(default_factory=list)
    ifds: list[float] = field(default_factory=list)
    lessons: int = 0
    right: int = 0
    wrong: int = 0
    unread: int = 0

    def add(self, episode: Episode, grade: Grade | None) -> None:
        self.lessons += 1
        if grade is not None and grade.pi is not None:
            self.pis.append(grade.pi)
        ifd = None if grade is None else grade.ifd_small if grade.ifd_small is not None else grade.ifd_large
        if ifd is not None:
            self.ifds.append(ifd)
        right = answer_right(episode)
        self.right += right is True
        self.wrong += right is False
        self.unread += right is None

    @property
    def pi_mean(self) -> float | None:
        return fmean(self.pis) if self.pis else None

    @property
    def pi_median(self) -> float | None:
        return median(self.pis) if self.pis else None

    @property
    def ifd_mean(self) -> float | None:
        return fmean(self.ifds) if self.ifds else None


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
    """A run as its end tables show it; `statuses` are by scenario, `reasons` of lessons that were not accepted."""

    run: RunView
    lessons: Sequence[LessonRow]
    statuses: dict[str, Counter[str]]
    reasons: Counter[tuple[str, str]]
    graded: dict[str, Graded]
    shifts: dict[Topic, list[Shift]]
    spent: Spent

    @property
    def seeds_played(self) -> int:
        return len({lesson.seed_id for lesson in self.lessons})

    @property
    def best(self) -> LessonRow | None:
        """The accepted lesson with the highest pi: the one to look at first."""
        accepted = [lesson for lesson in self.lessons if lesson.status == "accepted"]
        return max(accepted, key=lambda lesson: lesson.pi or 0.0, default=None)


def summarise(db: Database, run_id: str | None = None) -> Summary:
    """The run of this id or beginning of an id, the latest where None. UserError where there is none."""
    from master_autogen.log import get_run, lesson_rows, run_lessons, selection_history, totals

    run = get_run(db, run_id)
    lessons = lesson_rows(db, run.id)
    statuses: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for lesson in lessons:
        statuses[lesson.scenario][lesson.status] += 1
    return Summary(
        run=run,
        lessons=lessons,
        statuses=dict(statuses),
        reasons=Counter((lesson.status, short_reason(lesson.reason)) for lesson in lessons if lesson.reason),
        graded=_graded(run_lessons(db, run.id, status="accepted")),
        shifts=_shifts(selection_history(db, run.id)),
        spent=spent(totals(db, run.id).calls),
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


def answer_right(episode: Episode) -> bool | None:
    """Whether the final answers of an episode are verified: False where one is wrong, None where none could be told."""
    counting = {turn.idx: turn.attempts for turn in episode.turns}
    found = [
        check.passed
        for check in episode.checks
        if check.name == "right_answer" and counting.get(check.turn_idx or 0) == check.attempt
    ]
    if False in found:
        return False
    return True if found and all(found) else None


def _graded(lessons: Iterable[Lesson]) -> dict[str, Graded]:
    graded: defaultdict[str, Graded] = defaultdict(Graded)
    for lesson in lessons:
        episode = next(e for e in lesson.episodes if e.id == lesson.selected_episode_id)
        grade = next((g for g in lesson.grades if g.episode_id == episode.id), None)
        graded[lesson.plan.scenario].add(episode, grade)
    return dict(graded)


def by_topic(rows: Iterable[SelectionRow]) -> dict[Topic, dict[int, dict[Pair, SelectionRow]]]:
    """A run's selection rows by topic, then by round, then by pair; topics in the order of their names."""
    topics: dict[Topic, dict[int, dict[Pair, SelectionRow]]] = {}
    for row in rows:
        rounds = topics.setdefault(Topic(row.scenario, row.task_type), {})
        rounds.setdefault(row.round, {})[row.pair] = row
    return dict(sorted(topics.items()))


def _shifts(rows: Iterable[SelectionRow]) -> dict[Topic, list[Shift]]:
    shifts: dict[Topic, list[Shift]] = {}
    for topic, rounds in by_topic(rows).items():
        before, after = rounds[min(rounds)], rounds[max(rounds)]
        shifts[topic] = [Shift(pair, row.probability, after[pair].probability) for pair, row in before.items()]
    return shifts
