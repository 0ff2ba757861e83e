"""What a run was worth and what it took, as sections of the page: grades, checks, costs and the judge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from master_autogen.grading.judges import judge_rows
from master_autogen.log import CallTotal, CheckTotal, Database, GradeTotal, RunView, Totals, each_grade
from master_autogen.log.conversation import spoken
from master_autogen.records import Grade
from master_autogen.report.plots import bar_plot
from master_autogen.report.section import Section, Table, grouped
from master_autogen.report.words import count, mean, money, number, percent

TENTHS = tuple(f"{i / 10:.1f}" for i in range(11))

# --- grades ---


def grades_section(rows: Sequence[GradeTotal], tenths: Mapping[str, Sequence[int]]) -> Section:
    def table(title: str, named: str, key: Callable[[GradeTotal], str]) -> Table:
        columns = (named, "Candidates", "Rejected", "Failed", "With pi", "pi mean", "IFD mean")
        return Table(title, columns, 1, [(name, *_graded(mine)) for name, mine in grouped(rows, key).items()])

    tables = [
        table("By scenario", "Scenario", lambda row: spoken(row.scenario)),
        table("By agent on the instruction side", "Agent", lambda row: row.pair.instruction),
        table("By agent on the response side", "Agent", lambda row: row.pair.response),
        table("By round", "Round", lambda row: str(row.round)),
    ]
    bars = [bar_plot(f"pi, {spoken(name)}", counts, TENTHS, "candidates") for name, counts in tenths.items()]
    note = (
        "Of candidates, played ones; bases are never judged against themselves. pi is quality times difficulty, from 0 "
        "to 1; an episode that could not be measured has none and is in no mean."
    )
    return Section(
        "grades", "Grades", note, tables if rows else [], bars=bars, missing="This run played no candidates."
    )


def _graded(rows: Sequence[GradeTotal]) -> tuple[str, ...]:
    graded, measured = sum(row.graded for row in rows), sum(row.measured for row in rows)
    return (
        *(count(sum(getattr(row, name) for row in rows)) for name in ("episodes", "rejected", "failed")),
        count(graded),
        mean(sum(row.pi_sum for row in rows), graded),
        mean(sum(row.ifd_sum for row in rows), measured),
    )


# --- checks ---


def checks_section(sums: Totals) -> Section:
    rows = sums.checks
    columns = ("Passed", "Failed", "Unclear", "Asked again", "Rejected")
    ordered = sorted(rows, key=lambda row: (row.scenario, row.phase or "", row.name))
    by_phase = grouped(ordered, lambda row: (spoken(row.scenario), row.phase or "(episode)", row.name))
    by_agent = grouped(sorted(rows, key=_by_agent), lambda row: (row.agent or "(episode)", row.role or "–", row.name))
    total = ("All", "", "", *_counts(rows))
    by_name = grouped(sorted(rows, key=lambda row: row.name), lambda row: row.name)
    named = [(name, *_counts(found)) for name, found in by_name.items()]
    tables = [Table("By check", ("Check", *columns), 1, named, ("All", *_counts(rows)))]
    if sums.votes:
        tables.append(_debates(sums))
    tables += [
        Table("By phase", ("Scenario", "Phase", "Check", *columns), 3, _named(by_phase), total, folded=True),
        Table("By agent and role", ("Agent", "Role", "Check", *columns), 3, _named(by_agent), total, folded=True),
    ]
    note = (
        "Every attempt counts. Unclear: the check could not tell. Asked again: attempts that were put down to this "
        "check. Rejected: episodes that ended by it."
    )
    return Section("checks", "Checks", note, tables if rows else [], missing="No check was made.")


def _by_agent(row: CheckTotal) -> tuple[str, str, str]:
    return (row.agent or "", row.role or "", row.name)


def _named(groups: Mapping[tuple[str, str, str], Sequence[CheckTotal]]) -> list[tuple[str, ...]]:
    return [(*name, *_counts(rows)) for name, rows in groups.items()]


def _counts(rows: Sequence[CheckTotal]) -> tuple[str, ...]:
    names = ("passed", "failed", "could_not_tell", "asked_again", "rejected")
    return tuple(count(sum(getattr(row, name) for row in rows)) for name in names)


def _debates(sums: Totals) -> Table:
    rows = []
    for scenario, found in grouped(sums.votes, lambda row: row.scenario).items():
        episodes = sum(row.episodes for row in found)
        vote = sum(row.episodes for row in found if row.vote == "right")
        concluded = sum(row.episodes for row in found if row.conclusion == "right")
        rows.append((spoken(scenario), count(episodes), count(vote), count(concluded), f"{concluded - vote:+,}"))
    note = "Of debates with a checkable answer: how often a vote of the first answers is right, and the conclusion."
    return Table(
        "Debate beside a vote", ("Scenario", "Episodes", "Vote right", "Conclusion right", "Gain"), 1, rows, note=note
    )


# --- costs ---


def costs_section(rows: Sequence[CallTotal]) -> Section:
    columns = ("Calls", "Failed", "Tokens in", "Tokens out", "Cost")
    total = _spent(rows)
    by_agent = grouped(rows, lambda row: (row.purpose, row.agent, row.model))
    by_round = grouped(sorted(rows, key=lambda row: row.round), lambda row: row.round)
    tables = [
        Table(
            "By purpose, agent and model",
            ("For", "Agent", "Model", *columns),
            3,
            [(*name, *_spent(mine)) for name, mine in by_agent.items()],
            ("All", "", "", *total),
        ),
        Table(
            "By round",
            ("Round", *columns),
            1,
            [(str(name), *_spent(mine)) for name, mine in by_round.items()],
            ("All", *total),
        ),
    ]
    estimated = sum(row.estimated for row in rows)
    note = "Failed attempts included; cost in US dollars, where a price is known."
    note += f" Tokens of {estimated:,} calls are estimates." if estimated else ""
    return Section("costs", "Costs", note, tables if rows else [], missing="No call was made.")


def _spent(rows: Sequence[CallTotal]) -> tuple[str, ...]:
    costs = [row.cost for row in rows if row.cost is not None]
    names = ("calls", "failed", "prompt_tokens", "completion_tokens")
    return (*(count(sum(getattr(row, name) for row in rows)) for name in names), money(sum(costs) if costs else None))


# --- judge ---


def judge_section(db: Database, run: RunView) -> Section:
    settled = 0

    def counted() -> Iterator[Grade]:
        nonlocal settled
        for grade in each_grade(db, run.id):
            settled += "settled" in grade.detail
            yield grade

    rows = [
        (
            *(row.judge, count(row.pairs), count(row.better), count(row.tie), count(row.worse), count(row.unread)),
            *(percent(row.flips), number(row.length)),
        )
        for row in judge_rows(counted())
    ]
    columns = ("Judge", "Pairs", "Better", "Tie", "Worse", "Unread", "Flips", "Length")
    table = Table("Verdicts on a candidate beside its base, each in both orders", columns, 1, rows)
    families = run.config.get("judge_shares_family", ())
    note = (
        "Flips: pairs whose verdict changes with the order, which then count as a tie. Length: correlation between "
        "being longer and being preferred; none where fewer than ten pairs were decided."
    )
    note += f" {settled:,} pairs were settled by checks, without a judge." if settled else ""
    if families:
        note += f" Beware: the judge is of the same model family as agents it judges ({', '.join(families)})."
    return Section("judge", "Judge", note, [table] if rows else [], missing="No judge was asked.")
