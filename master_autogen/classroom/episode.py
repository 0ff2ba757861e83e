"""Play one episode: cast the roles, run the group chat, and say how it ended."""

from __future__ import annotations

import logging

from master_autogen.classroom.play import Play
from master_autogen.classroom.stage import Desk, Stage
from master_autogen.classroom.team import ScriptedGroupChat, question
from master_autogen.errors import CallError, UserError
from master_autogen.records import Episode, EpisodePlan, EpisodeStatus, LessonPlan

logger = logging.getLogger(__name__)


def build_team(stage: Stage, lesson: LessonPlan, plan: EpisodePlan, desk: Desk | None = None) -> ScriptedGroupChat:
    """The AutoGen team of an episode, ready for one `run(task=question(team.play))` or `run_stream`; for the next
    playing, build another. `team.play` then holds the turns and checks. `desk` records its calls; None: a new one.

    Raises `UserError` for an agent or model that the pool does not have, and for a missing key or package.
    """
    play = Play(stage.scenario, lesson, plan, code_check=stage.code_check)
    desk = desk or Desk(stage, lesson, plan)
    clients = {
        role: desk.chat(agent, stage.pool.agents[agent].model, "turn") for role, agent in plan.cast.agents.items()
    }
    agents = [stage.agent(role, lesson, plan, client) for role, client in clients.items()]
    return ScriptedGroupChat(
        agents,
        play,
        runtime=stage.runtime,
        on_step=lambda step: clients[step.phase.role].at(step.phase.name, step.turn, step.attempt),
    )


async def play_episode(stage: Stage, lesson: LessonPlan, plan: EpisodePlan, desk: Desk | None = None) -> Episode:
    """Play `plan`, one of the lesson's episodes, to its end. A model that gives nothing, or a fault in an agent, makes
    it `failed`, with the reason. Raises `UserError` as `build_team` does: no other episode would fare better."""
    team = build_team(stage, lesson, plan, desk)
    try:
        await team.run(task=question(team.play))
    except UserError:
        raise  # a missing key or package: no other episode would fare better, so the run ends with the message
    except CallError as error:
        return _episode(team.play, "failed", f"{error.kind}: {error}")
    except Exception as error:
        logger.exception("episode %s failed", plan.id)
        return _episode(team.play, "failed", f"{type(error).__name__}: {error}".split("\n")[0])
    if team.play.rejected is not None:
        return _episode(team.play, "rejected", team.play.rejected)
    if team.play.over is None:
        return _episode(team.play, "failed", "the group chat ended before the script did")
    return _episode(team.play, "complete", None)


def _episode(play: Play, status: EpisodeStatus, reason: str | None) -> Episode:
    return Episode(
        id=play.episode.id,
        lesson_id=play.lesson.id,
        run_id=play.lesson.run_id,
        cast=play.episode.cast,
        is_base=play.episode.slot == 0,
        status=status,
        reason=reason,
        label=play.label,
        turns=tuple(play.turns),
        checks=tuple(play.checks),
    )
