"""Play an episode's group chat again from its recorded calls alone, and name the first thing that comes out otherwise.

The code is today's and so is the scenario's file; what models said is the log's. No model is asked.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from master_autogen.checks import require_code_check
from master_autogen.classroom.episode import build_team
from master_autogen.classroom.stage import Stage
from master_autogen.classroom.team import question
from master_autogen.engines.anywhere import run_anywhere
from master_autogen.errors import CallError, UserError
from master_autogen.log import Database, EpisodeView, RunView, get_run
from master_autogen.models.recorded import ReplayMismatch
from master_autogen.models.silent import SilentClients
from master_autogen.pool import Pool, read_pool
from master_autogen.records import CheckResult, CodeCheck, EpisodePlan, Record, Turn
from master_autogen.replay.reading import find
from master_autogen.scenario import Scenario, read_scenario
from master_autogen.yaml_files import find as find_file

AS_RECORDED = "as recorded"


class Difference(Record):
    """The first thing that came out otherwise: `where` it stands, `what` differs, and how, line by line."""

    where: str
    what: str
    diff: tuple[str, ...] = ()


class Verification(Record):
    """What came of playing an episode, `episode_id`, of so many `turns` and `calls` again: the first `difference`, None
    where all came out the same. `scenario` and `pool` say which file was used, or "as recorded"."""

    episode_id: str
    turns: int
    calls: int
    scenario: str
    pool: str
    difference: Difference | None


def verify(
    db: Database,
    wanted: str,
    *,
    scenario: str | None = None,
    pool: str | None = None,
    code_check: CodeCheck = "off",
) -> Verification:
    """Play the episode `wanted` (as for `replay`) again and compare every message and check.

    `scenario` and `pool` name files; without them the scenario's file as the run named it, if it is still there, and
    the pool as it was recorded. A log's programs are run only if `code_check` says so here too. UserError where there
    is no such episode, it was never played, or it was checked by running programs and `code_check` is "off".
    """
    view = find(db, wanted)
    if not view.episode.turns and view.episode.status == "pending":
        raise UserError(f"episode {view.episode.id} has not been played yet (its lesson is {view.lesson.status})")
    run = get_run(db, view.lesson.plan.run_id)
    if code_check == "off" and run.config.get("code_check", "off") != "off" and view.lesson.plan.seed.kind == "code":
        raise UserError(
            f"episode {view.episode.id} was checked by running the programs in it; to run them once more, give "
            "--code-check rlimit or --code-check bwrap with --verify"
        )
    require_code_check(code_check)
    play, play_from = _scenario(run, view.lesson.plan.scenario, scenario)
    cast_from, from_file = _pool(run, pool)
    calls = [call for call in view.calls if call.purpose == "turn"]
    stage = Stage(
        play,
        cast_from,
        SilentClients(cast_from),
        lambda call: None,
        recorded=lambda owner: calls,
        strict=True,
        code_check=code_check,
    )
    return Verification(
        episode_id=view.episode.id,
        turns=len(view.episode.turns),
        calls=len(calls),
        scenario=play_from,
        pool=from_file,
        difference=run_anywhere(_play(stage, view)),
    )


def _scenario(run: RunView, name: str, named: str | None) -> tuple[Scenario, str]:
    if named is not None:
        return read_scenario(named), named
    texts: Mapping[str, Any] = run.config.get("scenario_texts", {})
    file = str(run.config.get("files", {}).get(f"scenario:{name}", name))
    try:
        find_file("", file)
    except UserError:
        if name in texts:
            return Scenario.model_validate(texts[name]), AS_RECORDED
        raise
    return read_scenario(file), file


def _pool(run: RunView, named: str | None) -> tuple[Pool, str]:
    if named is None and "pool_text" in run.config:
        return Pool.model_validate(run.config["pool_text"]), AS_RECORDED
    name = named or str(run.config.get("pool"))
    return read_pool(name), name


async def _play(stage: Stage, view: EpisodeView) -> Difference | None:
    lesson, episode = view.lesson.plan, view.episode
    planned = next(plan for plan in lesson.episodes if plan.id == episode.id)
    unknown = [agent for agent in episode.cast.agents.values() if agent not in stage.pool.agents]
    if unknown:
        return Difference(where="cast", what=f"the pool has no agent {unknown[0]!r}")
    if set(stage.scenario.roles) != set(episode.cast.agents):
        roles, played = (", ".join(sorted(names)) for names in (stage.scenario.roles, episode.cast.agents))
        return Difference(where="cast", what=f"the scenario has the roles {roles}; the episode was played by {played}")
    # What played, not what was planned: an agent may have stood in for one whose endpoint was down.
    team = build_team(stage, lesson, EpisodePlan(id=planned.id, slot=planned.slot, cast=episode.cast))
    try:
        await team.run(task=question(team.play))
    except ReplayMismatch as error:
        return Difference(
            where=f"call {error.place.phase}, turn {error.place.turn}, attempt {error.place.attempt}",
            what=error.difference,
            diff=tuple(_request_diff(error.recorded, error.made)),
        )
    except CallError as error:
        ended = f"{error.kind}: {error}"
    else:
        ended = team.play.rejected or ""
    return (
        _turns_differ(episode.turns, team.play.turns)
        or _checks_differ(episode.checks, team.play.checks)
        or _end_differs(episode.reason or "", ended)
    )


def _turns_differ(before: Sequence[Turn], now: Sequence[Turn]) -> Difference | None:
    for old, new in zip(before, now, strict=False):
        where = f"turn {old.idx}, {old.phase}"
        if old.text != new.text:
            return Difference(where=where, what="what is said differs", diff=tuple(_diff(old.text, new.text)))
        for field in Turn.model_fields:
            was, is_ = getattr(old, field), getattr(new, field)
            if was != is_:
                return Difference(where=where, what=f"{field} was {was!r} and is {is_!r}")
    if len(before) != len(now):
        return Difference(where="end", what=f"{len(before)} turns were played, and now {len(now)}")
    return None


def _checks_differ(before: Sequence[CheckResult], now: Sequence[CheckResult]) -> Difference | None:
    for old, new in zip(before, now, strict=False):
        if old != new:
            where = f"check {old.name}, turn {old.turn_idx}, attempt {old.attempt}"
            same = (old.name, old.turn_idx, old.attempt) == (new.name, new.turn_idx, new.attempt)
            found = f"{_found(old)}, and now {_found(new)}" if same else f"now {new.name} stands in its place"
            return Difference(where=where, what=found)
    if len(before) != len(now):
        return Difference(where="checks", what=f"there were {len(before)}, and now {len(now)}")
    return None


def _found(check: CheckResult) -> str:
    told = {True: "passed", False: "failed", None: "could not tell"}[check.passed]
    return f"{told} ({check.detail})" if check.detail else told


def _end_differs(before: str, now: str) -> Difference | None:
    if before == now:
        return None
    return Difference(
        where="end", what=f"it ended with {before or 'nothing amiss'!r}, and now {now or 'nothing amiss'!r}"
    )


def _request_diff(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> Iterator[str]:
    """The first message that differs, else the other parts of the request."""
    if before is None or now is None:
        return
    for old, new in zip(before.get("messages", ()), now.get("messages", ()), strict=False):
        if old != new:
            yield from _diff(str(old.get("content", "")), str(new.get("content", "")))
            return
    for key in sorted({*before, *now} - {"messages"}):
        if before.get(key) != now.get(key):
            yield f"-{key}: {before.get(key)}"
            yield f"+{key}: {now.get(key)}"


def _diff(before: str, now: str) -> Iterator[str]:
    """A unified diff without its head, one line of surroundings."""
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), lineterm="", n=1)
    yield from (line for line in lines if not line.startswith(("---", "+++", "@@")))
