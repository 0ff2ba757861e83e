"""What the log says in its own records: runs, rows for tables, totals. The nouns of a lesson are in `records`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from master_autogen.records import (
    Call,
    Episode,
    EpisodeStatus,
    Grade,
    Kind,
    Lesson,
    LessonStatus,
    Pair,
    Purpose,
    Record,
    Seed,
)

RunStatus = Literal["running", "finished", "stopped", "failed"]
"""`running` also if the process died; `stopped` by the user or the budget. All but `finished` can be resumed."""


class RunRecord(Record):
    """One invocation as it begins. `started` is Unix time in seconds; `config` holds no secrets."""

    id: str
    started: float
    status: RunStatus = "running"
    config: Mapping[str, Any] = Field(default_factory=dict)
    versions: Mapping[str, str] = Field(default_factory=dict)
    random_seed: int = Field(0, ge=-(2**63), lt=2**63)  # SQLite's integers


class RunView(RunRecord):
    """A run with what came of it so far: its `id`, `status`, `config`, `versions` and `random_seed`.

    `started` and `ended` are Unix time in seconds. `lessons` counts them by status; `calls`, `failed_calls`,
    `prompt_tokens`, `completion_tokens` and `cost` (US dollars, None where no call has a price) sum over all calls,
    failures too; `unpriced_calls` are missing from `cost`.
    """

    ended: float | None
    lessons: Mapping[LessonStatus, int]
    calls: int
    failed_calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    unpriced_calls: int


class RoundView(Record):
    """A round that was planned. `topics`: the (scenario, task type) of its lessons, in the order of the round; `seeds`
    counts those that have a lesson; `ended` is whether all its lessons have."""

    number: int
    topics: tuple[tuple[str, Kind], ...]
    seeds: int
    ended: bool


class LessonRow(Record):
    """A lesson on one line: its `id`, `run_id`, `round`, `position` in the round, `scenario`, `task_type`, its seed's
    `seed_id` and `instruction`, its `status` and, where it is not accepted, the `reason`.

    `pair` and `pi` are those of the `selected_episode_id`; None where none is selected, or for `pi` where it could not
    be measured.
    """

    id: str
    run_id: str
    round: int
    position: int
    scenario: str
    task_type: Kind
    seed_id: str
    instruction: str
    status: LessonStatus
    reason: str | None
    selected_episode_id: str | None
    pair: Pair | None
    pi: float | None


class EpisodeView(Record):
    """One `episode` with all that belongs to it: its `lesson`, its `grades`, the first of which counts; `calls` holds
    every attempt on its behalf, in order of time."""

    lesson: Lesson
    episode: Episode
    grades: tuple[Grade, ...]
    calls: tuple[Call, ...]

    @property
    def seed(self) -> Seed:
        return self.lesson.plan.seed

    @property
    def is_selected(self) -> bool:
        return self.lesson.selected_episode_id == self.episode.id


class RewardRow(Record):
    """What one candidate earned its pair. `pi` is None where the reward does not come from a grade."""

    scenario: str
    task_type: Kind
    pair: Pair
    lesson_id: str
    position: int
    episode_id: str
    slot: int
    status: EpisodeStatus
    pi: float | None
    reward: float


class CallTotal(Record):
    """Calls of one purpose by one agent in one role on one model in one round; tokens and cost include failed attempts.
    `role` is the purpose where no turn was asked for, and empty for a turn that never counted. `estimated` counts the
    calls whose tokens are an estimate, `unpriced` those missing from `cost`."""

    round: int
    purpose: Purpose
    role: str
    agent: str
    model: str
    calls: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    estimated: int
    cost: float | None
    unpriced: int


class CheckTotal(Record):
    """What one check came to where `agent` spoke as `role` in `phase`, attempts that were asked again included. Of
    those that did not pass, `asked_again` are the attempts that were asked again for this check, `rejected` the
    episodes that ended by it. `phase`, `role` and `agent` are None for a check of whole episodes."""

    round: int
    scenario: str
    phase: str | None
    role: str | None
    agent: str | None
    name: str
    passed: int
    failed: int
    could_not_tell: int
    asked_again: int
    rejected: int


class TurnTotal(Record):
    """How many turns count, and how often they were asked for."""

    round: int
    scenario: str
    phase: str
    role: str
    agent: str
    turns: int
    attempts: int


Told = Literal["right", "wrong", "unread"]


class VoteTotal(Record):
    """Episodes of a debate that went alike: how the vote came out, who of the voters was right, the one who concludes
    last, and whether the conclusion that counts is."""

    scenario: str
    vote: Literal["right", "wrong", "split", "unread"]
    voters: tuple[Told, ...]
    conclusion: Told
    episodes: int


class Totals(Record):
    """What a run adds up to: `calls` by round, purpose, agent and model; `checks` and `turns` by who said what;
    `votes`, debates by how they went."""

    calls: tuple[CallTotal, ...]
    checks: tuple[CheckTotal, ...]
    turns: tuple[TurnTotal, ...]
    votes: tuple[VoteTotal, ...]


class LessonTotals(Record):
    """A run's lessons in numbers: `statuses` by scenario, `reasons` by status and reason, whole, `episodes` that were
    played, by status. `first` is the first lesson, `best` the accepted one with the highest pi."""

    lessons: int
    seeds: int
    statuses: Mapping[str, Mapping[LessonStatus, int]]
    reasons: Mapping[tuple[LessonStatus, str], int]
    episodes: Mapping[EpisodeStatus, int]
    first: LessonRow | None
    best: LessonRow | None


class SelectedTotal(Record):
    """The selected episodes of one scenario. `graded` have a pi; `right` to `unread` say what the checks found of their
    final answers: right where all of them are, wrong where one is."""

    scenario: str
    lessons: int
    graded: int
    pi_mean: float | None
    pi_median: float | None
    ifd_mean: float | None
    right: int
    wrong: int
    unread: int


class SearchHit(Record):
    """A turn that a search found, by `run_id`, `lesson_id`, `episode_id`, `idx` (its place, from 0) and `role`;
    `snippet` has the words found in [brackets]."""

    run_id: str
    lesson_id: str
    episode_id: str
    idx: int
    role: str
    snippet: str


class GradeTotal(Record):
    """Candidates of one pair in one round and scenario (bases are never judged against themselves). `episodes` were
    played, `rejected` and `failed` of them did not come to an end; `graded` have a pi, `pi_sum` in all, and `measured`
    an IFD, `ifd_sum` in all."""

    round: int
    scenario: str
    pair: Pair
    episodes: int
    rejected: int
    failed: int
    graded: int
    pi_sum: float
    measured: int
    ifd_sum: float


class LessonKey(Record):
    """What a lesson is, in a few words, for choosing among many."""

    id: str
    scenario: str
    status: LessonStatus
