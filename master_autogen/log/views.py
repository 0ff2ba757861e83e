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
    """A run with what came of it so far. `lessons` counts them by status; tokens and `cost` (US dollars, None where
    no call has a price) sum over all calls, failures too; `unpriced_calls` are missing from `cost`."""

    ended: float | None
    lessons: Mapping[LessonStatus, int]
    calls: int
    failed_calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None
    unpriced_calls: int


class LessonRow(Record):
    """A lesson on one line. `pair` and `pi` are the selected episode's; None where none is selected, or for `pi`
    where it could not be measured."""

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
    """One episode with all that belongs to it; `calls` holds every attempt on its behalf, in order of time."""

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


class CostRow(Record):
    """What one candidate's turns cost, in US dollars."""

    scenario: str
    task_type: Kind
    pair: Pair
    cost: float


class CallTotal(Record):
    """Calls of one purpose by one agent on one model in one round; tokens and cost include failed attempts.
    `estimated` counts the calls whose tokens are an estimate, `unpriced` those missing from `cost`."""

    round: int
    purpose: Purpose
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
    """How often a check passed, failed or could not tell, attempts that were asked again included. `phase` is None
    for a check of whole episodes."""

    scenario: str
    phase: str | None
    name: str
    passed: int
    failed: int
    could_not_tell: int


class Totals(Record):
    calls: tuple[CallTotal, ...]
    checks: tuple[CheckTotal, ...]


class SearchHit(Record):
    """A turn that a search found; `snippet` has the words found in [brackets]."""

    run_id: str
    lesson_id: str
    episode_id: str
    idx: int
    role: str
    snippet: str
