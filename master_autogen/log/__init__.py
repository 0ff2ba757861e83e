"""The log: one SQLite file with all that a run did. One writer, any number of readers.

with LogWriter("outputs/log.db") as log:
    log.begin_run(run)
    log.plan_round(run.id, lessons, selections)
db = open_log("outputs/log.db")
for lesson in run_lessons(db, get_run(db).id, status="accepted"): ...
"""

import master_autogen.log.light  # noqa: F401, I001 - first
from sqlite_utils import Database

from master_autogen.log.bank import Candidate, bank_owed, read_bank
from master_autogen.log.file import open_log
from master_autogen.log.learnt import Taught, gaps, round_rewards, taught
from master_autogen.log.marks import EpisodeMark, Mark, mark_episode, run_marks
from master_autogen.log.read import (
    episode_calls,
    get_episode,
    get_lesson,
    get_run,
    lesson_counts,
    lesson_calls,
    lesson_rows,
    list_runs,
    planned_round,
    round_ends,
    run_lessons,
    run_records,
    run_rounds,
    run_seeds,
)
from master_autogen.log.search import search
from master_autogen.log.tally import (
    call_latencies,
    each_grade,
    lesson_totals,
    run_grades,
    selected_totals,
    selection_history,
    totals,
)
from master_autogen.log.views import (
    CallTotal,
    CheckTotal,
    EpisodeView,
    GradeTotal,
    LessonKey,
    LessonRow,
    LessonTotals,
    RewardRow,
    RoundView,
    RunRecord,
    RunStatus,
    RunView,
    SearchHit,
    SelectedTotal,
    Totals,
    TurnTotal,
    VoteTotal,
)
from master_autogen.log.writer import LogWriter
from master_autogen.log.worth import grade_tenths, grade_totals, lesson_keys

__all__ = [
    "CallTotal",
    "Candidate",
    "CheckTotal",
    "Database",
    "EpisodeMark",
    "EpisodeView",
    "GradeTotal",
    "LessonKey",
    "LessonRow",
    "LessonTotals",
    "LogWriter",
    "Mark",
    "RewardRow",
    "RoundView",
    "RunRecord",
    "RunStatus",
    "RunView",
    "SearchHit",
    "SelectedTotal",
    "Taught",
    "Totals",
    "TurnTotal",
    "VoteTotal",
    "bank_owed",
    "call_latencies",
    "each_grade",
    "episode_calls",
    "gaps",
    "get_episode",
    "get_lesson",
    "get_run",
    "grade_tenths",
    "grade_totals",
    "lesson_calls",
    "lesson_counts",
    "lesson_keys",
    "lesson_rows",
    "lesson_totals",
    "list_runs",
    "mark_episode",
    "open_log",
    "planned_round",
    "read_bank",
    "round_ends",
    "round_rewards",
    "run_grades",
    "run_lessons",
    "run_marks",
    "run_records",
    "run_rounds",
    "run_seeds",
    "search",
    "selected_totals",
    "selection_history",
    "taught",
    "totals",
]
