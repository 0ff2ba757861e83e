"""From the log back to people: one episode with all that one wants to read beside it. Reads, and prints nothing.

replay(db, "5f0c2a77b0.1").turns[2].cue  # what the third speaker was told in private
"""

from __future__ import annotations

from master_autogen.casting import Likeness, likeness
from master_autogen.errors import UserError
from master_autogen.log import Database, EpisodeView, get_episode, get_lesson, get_run
from master_autogen.log.conversation import ReplayTurn, Withdrawn, conversation, role_titles, standing
from master_autogen.records import Grade, Record


class Replay(Record):
    """An episode to be read, `view` with all that belongs to it; `slot` 0 is a base.

    `standing` says whether it was selected, and if not, why; `grade` is the one that counts. `turns` are what was said,
    `unsaid` the attempts at the turn after the last one: what was tried when the episode failed. `likeness` is that of
    the similar question to the first, where the scenario has one.
    """

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
    said = conversation(view.episode, view.calls, role_titles(get_run(db, plan.run_id).config, plan))
    return Replay(
        view=view,
        slot=next(planned.slot for planned in plan.episodes if planned.id == view.episode.id),
        standing=standing(view.lesson, view.episode),
        grade=view.grades[0] if view.grades else None,
        turns=said.turns,
        unsaid=said.unsaid,
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
