"""What belongs to each turn of an episode, for people to read: its checks, the attempts before it that did not count,
and what the speaker was told in private. Works on records that were read already; opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from master_autogen.records import Call, CheckResult, Episode, Lesson, LessonPlan, Record, Turn


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


class Conversation(Record):
    turns: tuple[ReplayTurn, ...]
    unsaid: tuple[Withdrawn, ...]
    """Attempts at the turn after the last one: what was tried when the episode failed."""


def conversation(episode: Episode, calls: Sequence[Call], titles: Mapping[str, str]) -> Conversation:
    """An episode's turns, each with what belongs to it. `calls` are those on its behalf in order of time, `titles` the
    names that roles go by."""
    return Conversation(
        turns=tuple(_turn(turn, episode, calls, titles) for turn in episode.turns),
        unsaid=_attempts(episode, calls, len(episode.turns), None),
    )


def role_titles(config: Mapping[str, Any], lesson: LessonPlan) -> dict[str, str]:
    """The titles of the roles as the run's scenario had them; a role without one goes by its name."""
    texts = config.get("scenario_texts", {})
    roles = texts.get(lesson.scenario, {}).get("roles", {})
    cast = lesson.episodes[0].cast.agents
    return {role: str(roles[role]["title"]) if role in roles else spoken(role) for role in cast}


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


def _turn(turn: Turn, episode: Episode, calls: Sequence[Call], titles: Mapping[str, str]) -> ReplayTurn:
    counts = [check for check in _checks(episode, turn.idx) if check.attempt == turn.attempts]
    return ReplayTurn(
        turn=turn,
        title=titles.get(turn.role, spoken(turn.role)),
        checks=tuple(counts),
        withdrawn=_attempts(episode, calls, turn.idx, turn),
        cue=_cue(_calls(calls, turn.idx, turn.attempts)),
    )


def _attempts(episode: Episode, calls: Sequence[Call], idx: int, turn: Turn | None) -> tuple[Withdrawn, ...]:
    """The attempts at turn `idx` that do not count: all where it never became a `turn`."""
    checks = _checks(episode, idx)
    numbers = {check.attempt for check in checks} | {call.attempt for call in _calls(calls, idx)}
    return tuple(
        Withdrawn(
            attempt=number,
            text=_reply(_calls(calls, idx, number)),
            failed=tuple(check for check in checks if check.attempt == number and check.passed is False),
            error=next((c.error for c in reversed(_calls(calls, idx, number)) if c.status == "error"), None),
        )
        for number in sorted(numbers)
        if turn is None or number < turn.attempts
    )


def _checks(episode: Episode, idx: int) -> list[CheckResult]:
    return [check for check in episode.checks if check.turn_idx == idx]


def _calls(calls: Sequence[Call], idx: int, attempt: int | None = None) -> list[Call]:
    """The calls for turn `idx`, failures too, in order of time; of one attempt at it where given."""
    return [
        call
        for call in calls
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
