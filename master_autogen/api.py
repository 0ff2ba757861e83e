"""What a notebook or a script uses, by one import: `import master_autogen as ma`.

Nothing of it is loaded before the first use of any of it. `export_run` is `export.export` and `replay_episode` is
`replay.replay`, for the package has rooms of the short names; `new_scenario` is what `scenarios new` calls.
"""

from __future__ import annotations

from master_autogen.casting import plan_lesson
from master_autogen.checks import CheckFinding, CheckInput, check, own_checks, register
from master_autogen.classroom.episode import build_team, play_episode
from master_autogen.classroom.stage import Stage
from master_autogen.classroom.team import question
from master_autogen.cli.scenarios import write_new as new_scenario
from master_autogen.errors import CallError, UserError
from master_autogen.export import ExportResult, Options
from master_autogen.export import export as export_run
from master_autogen.grading.quality import Rubric, read_rubric
from master_autogen.lesson import play_lesson
from master_autogen.log import (
    EpisodeView,
    LessonRow,
    RunView,
    SearchHit,
    Totals,
    get_episode,
    get_lesson,
    get_run,
    lesson_rows,
    list_runs,
    mark_episode,
    open_log,
    run_grades,
    run_lessons,
    run_marks,
    search,
    selection_history,
    totals,
)
from master_autogen.models.providers import build_clients
from master_autogen.pipeline import AlreadyFinished, Inputs, Outcome, Watcher, run
from master_autogen.pipeline.limits import Budget
from master_autogen.pipeline.plain import play
from master_autogen.pool import AgentSpec, ModelSpec, Pool, Rule, Scorers, read_pool
from master_autogen.records import (
    Call,
    Cast,
    CheckResult,
    Episode,
    EpisodePlan,
    Grade,
    Lesson,
    LessonPlan,
    Pair,
    Seed,
    SelectionRow,
    Turn,
)
from master_autogen.replay import Regraded, Replay, Verification, regrade, verify
from master_autogen.replay import replay as replay_episode
from master_autogen.scenario import Phase, Role, Scenario, read_scenario
from master_autogen.seeds import SeedSet, bundled, load_seeds

__all__ = [
    "AgentSpec",
    "AlreadyFinished",
    "Budget",
    "Call",
    "CallError",
    "Cast",
    "CheckFinding",
    "CheckInput",
    "CheckResult",
    "Episode",
    "EpisodePlan",
    "EpisodeView",
    "ExportResult",
    "Grade",
    "Inputs",
    "Lesson",
    "LessonPlan",
    "LessonRow",
    "ModelSpec",
    "Options",
    "Outcome",
    "Pair",
    "Phase",
    "Pool",
    "Regraded",
    "Replay",
    "Role",
    "Rubric",
    "Rule",
    "RunView",
    "Scenario",
    "Scorers",
    "SearchHit",
    "Seed",
    "SeedSet",
    "SelectionRow",
    "Stage",
    "Totals",
    "Turn",
    "UserError",
    "Verification",
    "Watcher",
    "build_clients",
    "build_team",
    "bundled",
    "check",
    "export_run",
    "get_episode",
    "get_lesson",
    "get_run",
    "lesson_rows",
    "list_runs",
    "load_seeds",
    "mark_episode",
    "new_scenario",
    "open_log",
    "own_checks",
    "plan_lesson",
    "play",
    "play_episode",
    "play_lesson",
    "question",
    "read_pool",
    "read_rubric",
    "read_scenario",
    "register",
    "regrade",
    "replay_episode",
    "run",
    "run_grades",
    "run_lessons",
    "run_marks",
    "search",
    "selection_history",
    "totals",
    "verify",
]
