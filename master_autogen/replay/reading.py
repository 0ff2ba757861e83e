"""From the log back to people: one episode with all that one wants to read beside it. Reads, and prints nothing.

replay(db, "5f0c2a77b0.1").turns[2].cue  # what the third speaker was told in private
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from master_autogen.casting import Likeness, likeness
from master_autogen.errors import UserError
from master_autogen.log import Database, EpisodeView, get_episode, get_lesson, get_run
from master_autogen.records import Call, CheckResult, Episode, Grade, Lesson, LessonPlan, Record, Turn


class Withdrawn(Record):
    """An attempt at a turn that does not count. `text` is None where the log has no single reply for it; `error` is
    what the last call came to where it failed."""

    attempt: int
    text: str | None
    failed: tuple[CheckResult, ...]
    error: str | None


class ReplayTurn(Record):
    """A turn with the checks of the attempt that counts, those that did not, and its private cue: the system prompt
    of the request, None where no model was asked."""

    turn: Turn
    title: str
    checks: tuple[CheckResult, ...]
    withdrawn: tuple[Withdrawn, ...]
    cue: str | None


class Replay(Record):
    """An episode to be read. `standing` says whether it was selected, and if not, why."""

    view: EpisodeView
    slot: int
    standing: str
    grade: Grade | None
    turns: tuple[ReplayTurn, ...]
    unsaid: tuple[Withdrawn, ...]
    """Attempts at the turn after the last one: what was tried when the episode failed."""
    likeness: Likeness | None
    """Of the similar question to the first, where the scenario has one."""


def replay(db: Database, wanted: str) -> Replay:
    """The episode of this id, the selected one of the lesson of this id, or the beginning of either.

    A lesson that selected nothing gives its base. UserError where there is no such id, several, or nothing was played.
    """
    view = find(db, wanted)
    if not view.episode.turns and view.episode.status == "pending":
        raise UserError(f"episode {view.episode.id} has not been played yet (its lesson is {view.lesson.status})")
    plan = view.lesson.plan
    titles = _titles(db, plan)
    turns = tuple(_turn(turn, view, titles) for turn in view.episode.turns)
    return Replay(
        view=view,
        slot=next(planned.slot for planned in plan.episodes if planned.id == view.episode.id),
        standing=standing(view.lesson, view.episode),
        grade=view.grades[0] if view.grades else None,
        turns=turns,
        unsaid=_attempts(view, len(turns), None),
        likeness=None if plan.similar is None else likeness(plan.seed, plan.similar),
    )


def find(db: Database, wanted: str) -> EpisodeView:
    """The episode meant by `wanted`; see `replay`."""
    try:
        lesson = get_lesson(db, wanted)
    except UserError:
        return get_episode(db, wanted)  # its message speaks of episodes, which is what was asked for
    base = next((plan.id for plan in lesson.plan.episodes if plan.slot == 0), None)
    return get_episode(db, lesson.selected_episode_id or base or wanted)


def standing(lesson: Lesson, episode: Episode) -> str:
    """Why an episode is its lesson's result, or is not, in a few words."""
    if episode.status in ("rejected", "failed"):
        return f"{episode.status}: {episode.reason}"
    pi = {grade.episode_id: grade.pi for grade in reversed(lesson.grades)}
    own, best = pi.get(episode.id), lesson.selected_episode_id
    if best == episode.id:
        return "selected: no candidate was better" if episode.is_base else "selected"
    if best is None:
        return f"not selected: the lesson is {lesson.status}"
    if episode.is_base:
        return "not selected: a candidate was better than this base"
    if own is None:
        return "not selected: its pi could not be measured"
    if own <= 0:
        return "not selected: its pi is 0, the base is better"
    theirs = pi.get(best)
    told = "" if theirs is None else f" ({theirs:.2f}, this one {own:.2f})"
    return f"not selected: {best} has {'the same pi and came first' if theirs == own else 'a higher pi' + told}"


def spoken(name: str) -> str:
    """A name from a file as people read it.

    >>> spoken("error_correction")
    'Error correction'
    """
    return name.replace("_", " ").capitalize()


def _titles(db: Database, lesson: LessonPlan) -> dict[str, str]:
    """The titles of the roles as the run's scenario had them; a role without one goes by its name."""
    texts = get_run(db, lesson.run_id).config.get("scenario_texts", {})
    roles = texts.get(lesson.scenario, {}).get("roles", {})
    cast = lesson.episodes[0].cast.agents
    return {role: str(roles[role]["title"]) if role in roles else spoken(role) for role in cast}


def _turn(turn: Turn, view: EpisodeView, titles: Mapping[str, str]) -> ReplayTurn:
    counts = [check for check in _checks(view, turn.idx) if check.attempt == turn.attempts]
    return ReplayTurn(
        turn=turn,
        title=titles.get(turn.role, spoken(turn.role)),
        checks=tuple(counts),
        withdrawn=_attempts(view, turn.idx, turn),
        cue=_cue(_calls(view, turn.idx, turn.attempts)),
    )


def _attempts(view: EpisodeView, idx: int, turn: Turn | None) -> tuple[Withdrawn, ...]:
    """The attempts at turn `idx` that do not count: all where it never became a `turn`."""
    checks = _checks(view, idx)
    numbers = {check.attempt for check in checks} | {call.attempt for call in _calls(view, idx)}
    return tuple(
        Withdrawn(
            attempt=number,
            text=_reply(_calls(view, idx, number)),
            failed=tuple(check for check in checks if check.attempt == number and check.passed is False),
            error=next((call.error for call in reversed(_calls(view, idx, number)) if call.status == "error"), None),
        )
        for number in sorted(numbers)
        if turn is None or number < turn.attempts
    )


def _checks(view: EpisodeView, idx: int) -> list[CheckResult]:
    return [check for check in view.episode.checks if check.turn_idx == idx]


def _calls(view: EpisodeView, idx: int, attempt: int | None = None) -> list[Call]:
    """The calls for turn `idx`, failures too, in order of time; of one attempt at it where given."""
    return [
        call
        for call in view.calls
        if call.purpose == "turn" and call.turn == idx and (attempt is None or call.attempt == attempt)
    ]


def _reply(calls: Sequence[Call]) -> str | None:
    """The one reply of these calls. A worded turn may ask several times, and none of the replies is what was said."""
    replies = [call.text for call in calls if call.status == "ok" and call.text is not None]
    return replies[0] if len(replies) == 1 else None


def _cue(calls: Sequence[Call]) -> str | None:
    """The system prompt of the request, or its first message where it has none."""
    messages = [dict(message) for call in calls[:1] for message in call.request.get("messages", ())]
    systems = [message for message in messages if message.get("role") == "system"]
    first = next(iter(systems + messages), None)
    return None if first is None else str(first.get("content", ""))
