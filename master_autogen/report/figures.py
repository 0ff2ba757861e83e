"""A run in numbers: the sections of the page above the lessons, as tables and plots. Reads totals, no lesson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from master_autogen.log import (
    Database,
    LessonTotals,
    RunView,
    Totals,
    grade_tenths,
    grade_totals,
    lesson_totals,
    selected_totals,
    selection_history,
    totals,
)
from master_autogen.log.conversation import spoken
from master_autogen.records import LessonStatus, SelectionRow
from master_autogen.report.plots import line_plot
from master_autogen.report.section import Section, Table
from master_autogen.report.words import count, duration, interval, mean, moment, money, number, share
from master_autogen.report.worth import checks_section, costs_section, grades_section, judge_section

STATUSES: tuple[LessonStatus, ...] = ("accepted", "rejected", "failed", "cancelled", "running", "pending")
MOST_REASONS = 20


class Figures(NamedTuple):
    """`facts` stand at the head of the page, `large` are the few numbers to see first."""

    run: RunView
    lessons: LessonTotals
    facts: Mapping[str, str]
    large: Sequence[tuple[str, str, str]]
    sections: Sequence[Section]


def figures(db: Database, run: RunView) -> Figures:
    lessons = lesson_totals(db, run.id)
    sums = totals(db, run.id)
    sections = (
        _lessons(db, run, lessons),
        _selection(selection_history(db, run.id), max((row.round for row in sums.turns), default=0)),
        grades_section(grade_totals(db, run.id), grade_tenths(db, run.id)),
        checks_section(sums),
        costs_section(sums.calls),
        judge_section(db, run),
    )
    return Figures(run, lessons, _facts(run), _large(run, lessons, sums), sections)


# --- head ---


def _facts(run: RunView) -> dict[str, str]:
    took = "" if run.ended is None else f", took {duration(run.ended - run.started)}"
    said = ("pool", "judge", "rule", "rounds", "seeds_per_round", "candidates", "limit", "seeds")
    config = {spoken(name): str(run.config[name]) for name in said if run.config.get(name) not in (None, "", [], {})}
    return {
        "Run": f"{run.id}, {run.status}",
        "Began": f"{moment(run.started)}{took}",
        "Scenarios": ", ".join(run.config.get("scenarios", ())) or "–",
        **config,
        "Random seed": str(run.random_seed),
        "Versions": ", ".join(f"{name} {value}" for name, value in run.versions.items()) or "–",
    }


def _large(run: RunView, lessons: LessonTotals, sums: Totals) -> list[tuple[str, str, str]]:
    accepted = run.lessons.get("accepted", 0)
    played = sum(lessons.episodes.values())
    again = sum(row.asked_again for row in sums.checks)
    attempts = sum(row.attempts for row in sums.turns)
    priced = f"{run.unpriced_calls:,} calls without a price" if run.unpriced_calls else "every call has a price"
    return [
        ("Lessons accepted", count(accepted), f"of {lessons.lessons:,}: {share(accepted, lessons.lessons)}"),
        ("Seeds", count(lessons.seeds), "questions with their answers"),
        ("Episodes played", count(played), f"{lessons.episodes.get('complete', 0):,} complete"),
        ("Turns asked again", count(again), f"of {attempts:,} attempts: {share(again, attempts)}"),
        ("Calls", count(run.calls), f"{run.failed_calls:,} failed"),
        ("Tokens", count(run.prompt_tokens + run.completion_tokens), f"{run.completion_tokens:,} of them written"),
        ("Cost", "no price" if run.cost is None else money(run.cost), priced),
    ]


# --- lessons ---


def _lessons(db: Database, run: RunView, lessons: LessonTotals) -> Section:
    shown = [s for s in STATUSES if s in ("accepted", "rejected", "failed") or run.lessons.get(s)]
    rows = [
        (spoken(scenario), *(count(counts.get(s, 0)) for s in shown), count(sum(counts.values())))
        for scenario, counts in lessons.statuses.items()
    ]
    total = ("All", *(count(run.lessons.get(s, 0)) for s in shown), count(lessons.lessons))
    selected = [
        (
            *(spoken(s.scenario), count(s.lessons), count(s.graded), number(s.pi_mean), number(s.pi_median)),
            *(number(s.ifd_mean), count(s.right), count(s.wrong), count(s.unread)),
        )
        for s in selected_totals(db, run.id)
    ]
    reasons = sorted(lessons.reasons.items(), key=lambda item: -item[1])
    left = sum(n for _, n in reasons[MOST_REASONS:])
    tables = [
        Table("Lessons by scenario", ("Scenario", *(s.capitalize() for s in shown), "All"), 1, rows, total),
        Table(
            "Selected episodes",
            ("Scenario", "Selected", "With pi", "pi mean", "pi median", "IFD mean", "Right", "Wrong", "Unread"),
            1,
            selected,
            note="Right, wrong, unread: final answers, as code read them. A base that was selected has no pi.",
        ),
    ]
    if reasons:
        note = f"The {MOST_REASONS} most frequent; {left:,} lessons have others." if left else ""
        told = [(status.capitalize(), reason, count(n)) for (status, reason), n in reasons[:MOST_REASONS]]
        tables.append(Table("Why lessons were not accepted", ("Status", "Reason", "Lessons"), 2, told, note=note))
    return Section("numbers", "Lessons", "A lesson is one seed in one scenario.", [t for t in tables if t.rows])


# --- selection ---


def _selection(rows: Sequence[SelectionRow], last: int) -> Section:
    topics: dict[tuple[str, str], dict[int, dict[str, SelectionRow]]] = {}
    for row in rows:
        topics.setdefault((row.scenario, row.task_type), {}).setdefault(row.round, {})[str(row.pair)] = row
    lines, tables = [], []
    for (scenario, kind), rounds in sorted(topics.items()):
        title = f"{spoken(scenario)}, {kind}"
        first, latest = rounds[min(rounds)], rounds[max(rounds)]
        names = [str(at) if at <= last else "after" for at in sorted(rounds)]
        pairs = sorted({pair for found in rounds.values() for pair in found})
        values = {
            pair: [rounds[at][pair].probability if pair in rounds[at] else None for at in sorted(rounds)]
            for pair in pairs
        }
        lines.append(line_plot(title, names, values, "round"))
        ranked = sorted(latest.items(), key=lambda item: -item[1].probability)
        told = [
            (
                *(pair, number(first[pair].probability, 3) if pair in first else "–", number(row.probability, 3)),
                *(count(row.pulls), mean(row.reward_sum, row.pulls), interval(row.low, row.high)),
            )
            for pair, row in ranked
        ]
        noted = " ".join(dict.fromkeys(row.note for row in latest.values() if row.note))
        tables.append(Table(title, ("Pair", "First", "Latest", "Pulls", "Mean reward", "95 %"), 1, told, note=noted))
    note = (
        "Probability of each pair (instruction side + response side) to be cast, round by round; “after” is what the "
        "last round led to. Pulls and mean reward, with its 95 % interval, are what the rule had seen by then."
    )
    return Section("selection", "Selection over rounds", note, tables, lines, missing="No round was planned.")
