"""The small runtime and the seats it has: what AutoGen's own do for a chat, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator, Sequence

import pytest
from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response, TaskResult
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    StructuredMessage,
    TextMessage,
    ThoughtEvent,
)
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import CancellationToken
from pydantic import BaseModel

from master_autogen.classroom.cue import Cue
from master_autogen.classroom.episode import build_team, play_episode
from master_autogen.classroom.play import Play
from master_autogen.classroom.team import RuntimeName, ScriptedGroupChat, question
from tests.kit import plan, stage


class Sayer(BaseChatAgent):
    """Says one thing; keeps what was done to it."""

    def __init__(self, name: str, said: BaseChatMessage) -> None:
        super().__init__(name, "says one thing")
        self._said = said
        self.done: list[str] = []

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        return Response(chat_message=self._said)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self.done.append("reset")

    async def on_pause(self, cancellation_token: CancellationToken) -> None:
        self.done.append("pause")

    async def on_resume(self, cancellation_token: CancellationToken) -> None:
        self.done.append("resume")


@pytest.mark.parametrize("scenario", ["error_correction", "debate", "analogical_reasoning", "rewriting"])
async def test_a_finished_episode_leaves_nothing_to_the_garbage_collector(scenario: str) -> None:
    """Whatever referred to itself would be looked for in the middle of a run, among all that is in use."""
    at = stage(scenario)
    lesson = plan(at.scenario, at.pool)
    await play_episode(at, lesson, lesson.episodes[0])  # what is made once and kept
    gc.collect()
    gc.disable()
    try:
        for _ in range(5):
            await play_episode(at, lesson, lesson.episodes[0])
        left = gc.collect()
    finally:
        gc.enable()
    assert left == 0


class Thinker(Sayer):
    """Thinks aloud first."""

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        thought = ThoughtEvent(content="What do they need first?", source=self.name)
        return Response(chat_message=self._said, inner_messages=[thought])


class Whisperer(Thinker):
    """The same as a stream of its own."""

    async def on_messages_stream(
        self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | Response, None]:
        yield ModelClientStreamingChunkEvent(content="Begin", source=self.name)
        yield ThoughtEvent(content="What do they need first?", source=self.name)
        yield Response(chat_message=self._said)


@pytest.mark.parametrize("runtime", ["own", "autogen"])
@pytest.mark.parametrize("teacher", [Thinker, Whisperer])
async def test_what_is_thought_and_said_is_shown_once_and_in_its_order(
    runtime: RuntimeName, teacher: type[Thinker]
) -> None:
    said = TextMessage(content="Begin with what is there.", source="teacher")
    at = stage(
        "error_correction", judge=False, runtime=runtime, guests={"teacher": lambda role, _: teacher(role, said)}
    )
    lesson = plan(at.scenario, at.pool)

    team = build_team(at, lesson, lesson.episodes[0])
    kept = (await team.run(task=question(team.play))).messages
    again = build_team(at, lesson, lesson.episodes[0])
    *streamed, result = [message async for message in again.run_stream(task=question(again.play))]

    assert isinstance(result, TaskResult)
    shown = [(message.source, type(message).__name__, message.to_text()) for message in kept]
    whole = [(message.source, type(message).__name__) for message in streamed]
    assert shown[:4] == [
        ("user", "TextMessage", lesson.seed.instruction),
        ("teacher", "ThoughtEvent", "What do they need first?"),
        ("teacher", "TextMessage", "Begin with what is there."),
        ("slow_student", "TextMessage", shown[3][2]),
    ]
    assert shown == [(message.source, type(message).__name__, message.to_text()) for message in result.messages]
    chunk = ("teacher", "ModelClientStreamingChunkEvent")
    assert whole.count(chunk) == (2 if teacher is Whisperer else 0)
    assert [one for one in whole if one != chunk] == [(source, kind) for source, kind, _ in shown]


async def test_a_team_plays_one_episode_at_a_time() -> None:
    at = stage("error_correction", judge=False)
    lesson = plan(at.scenario, at.pool)
    team = build_team(at, lesson, lesson.episodes[0])
    playing = asyncio.create_task(team.run(task=question(team.play)))
    await asyncio.sleep(0)
    for once_more in (team.run(task=question(team.play)), anext(team.run_stream(task="Why?"))):
        with pytest.raises(ValueError, match=r"^the team is playing already$"):
            await once_more
    assert (await playing).stop_reason == "complete"


async def test_a_team_of_a_users_own_can_have_a_role() -> None:
    at = stage("error_correction", judge=False)
    lesson = plan(at.scenario, at.pool)
    ours = build_team(at, lesson, lesson.episodes[0])
    words = ("Begin with what is there.", "Think about what happens when more apples come.")
    inner = [Sayer(f"helper_{i}", TextMessage(content=text, source="teacher")) for i, text in enumerate(words)]
    pair = RoundRobinGroupChat(
        [*inner], name="teacher", termination_condition=MaxMessageTermination(4), custom_message_types=[Cue]
    )
    others = [agent for agent in ours._participants if agent.name != "teacher"]
    team = ScriptedGroupChat([pair, *others], Play(at.scenario, lesson, lesson.episodes[0]))
    result = await team.run(task=question(team.play))
    assert result.stop_reason is not None
    assert [turn.role for turn in team.play.turns][:2] == ["teacher", "slow_student"]
    assert team.play.turns[0].text.endswith(
        words[-1]
    )  # the last word of the inner team counts; before it came question and cue


class Corrected(Sayer):
    """Says what a teacher must not say, and when asked again, what it may."""

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        again = any(isinstance(message, Cue) and message.attempt > 1 for message in messages)
        text = "Begin with what is there." if again else "As an AI language model, I cannot tell."
        return Response(chat_message=TextMessage(content=text, source=self.name))


class Hearer(Sayer):
    """Keeps what it hears before it first speaks."""

    heard: Sequence[str] = ()

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        self.heard = self.heard or [message.to_text() for message in messages if not isinstance(message, Cue)]
        return Response(chat_message=self._said)


@pytest.mark.parametrize("runtime", ["own", "autogen"])
@pytest.mark.parametrize("team_in_the_role", [False, True])
async def test_what_was_withdrawn_reaches_no_agent_of_a_users_own(runtime: RuntimeName, team_in_the_role: bool) -> None:
    teacher = Corrected("teacher", TextMessage(content="", source="teacher"))
    student = Hearer(
        "helper" if team_in_the_role else "slow_student",
        TextMessage(content="The answer is 12.", source="slow_student"),
    )
    at = stage("error_correction", judge=False, guests={"teacher": lambda role, _: teacher})
    lesson = plan(at.scenario, at.pool)
    ours = build_team(at, lesson, lesson.episodes[0])
    others = [agent for agent in ours._participants if agent.name != "slow_student"]
    pair = RoundRobinGroupChat([student], name="slow_student", max_turns=1, custom_message_types=[Cue])
    team = ScriptedGroupChat(
        [pair if team_in_the_role else student, *others],
        Play(at.scenario, lesson, lesson.episodes[0]),
        runtime=runtime,
    )
    await team.run(task=question(team.play))
    assert student.heard == [lesson.seed.instruction, "Begin with what is there."]


@pytest.mark.parametrize("runtime", ["own", "autogen"])
async def test_a_team_plays_once(runtime: RuntimeName) -> None:
    at = stage("error_correction", judge=False, runtime=runtime)
    lesson = plan(at.scenario, at.pool)
    team = build_team(at, lesson, lesson.episodes[0])
    await team.run(task=question(team.play))
    once = r"^a team plays one episode; make a new team for the next$"
    with pytest.raises(RuntimeError, match=once):
        await team.run(task=question(team.play))
    with pytest.raises(RuntimeError, match=once):
        await anext(team.run_stream(task=question(team.play)))


class Verdict(BaseModel):
    good: bool


async def test_a_message_of_a_kind_that_nobody_knows_is_refused_by_name() -> None:
    said = StructuredMessage[Verdict](content=Verdict(good=True), source="teacher")
    at = stage("error_correction", judge=False, guests={"teacher": lambda role, client: Sayer(role, said)})
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert (episode.status, episode.reason) == (
        "failed",
        "ValueError: teacher: the team does not know messages of type StructuredMessage[Verdict]",
    )


async def test_pause_and_resume_reach_the_agents() -> None:
    sayer = Sayer("teacher", TextMessage(content="Begin with what is there.", source="teacher"))
    at = stage("error_correction", judge=False, guests={"teacher": lambda role, client: sayer})
    lesson = plan(at.scenario, at.pool)
    team = build_team(at, lesson, lesson.episodes[0])
    await team._init(team._runtime)
    await team.pause()
    await team.resume()
    assert sayer.done == ["pause", "resume"]
