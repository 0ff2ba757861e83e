"""The group chat of a scenario: a `BaseGroupChat` whose manager, the director, follows the script.

The only file that reaches into AutoGen's private modules: the manager's base class and the group chat's events have no
public name in 0.7.5, which is why that version is pinned.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import cache
from typing import Any, Literal

from autogen_agentchat.base import ChatAgent, Response, TaskResult, Team, TerminationCondition
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, MessageFactory, StopMessage, TextMessage
from autogen_agentchat.teams import BaseGroupChat
from autogen_agentchat.teams._group_chat._base_group_chat_manager import BaseGroupChatManager
from autogen_agentchat.teams._group_chat._chat_agent_container import ChatAgentContainer
from autogen_agentchat.teams._group_chat._events import (
    GroupChatAgentResponse,
    GroupChatRequestPublish,
    GroupChatStart,
    GroupChatTermination,
    SerializableException,
)
from autogen_core import AgentRuntime, AgentType, CancellationToken, DefaultTopicId, MessageContext, TypeSubscription

from master_autogen.classroom.cue import Cue
from master_autogen.classroom.play import Heard, Play, Step
from master_autogen.classroom.runtime import TeamRuntime

DIRECTOR = "director"
RuntimeName = Literal["own", "autogen"]


class Director(BaseGroupChatManager):
    """The manager: cues each speaker in private, hears what is said, and lets the play decide what comes next."""

    def __init__(self, play: Play, on_step: Callable[[Step], None], *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self._play = play
        self._on_step = on_step

    async def validate_group_state(self, messages: list[BaseChatMessage] | None) -> None:
        """Any start will do: the task is the question, which everybody may hear."""

    async def reset(self) -> None:
        raise RuntimeError("a team plays one episode; make a new team for the next")

    async def update_message_thread(self, messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> None:
        await super().update_message_thread(messages)
        if self._active_speakers and messages and isinstance(messages[-1], BaseChatMessage):
            said = messages[-1]
            heard = Heard(said.id, said.to_text(), said.metadata)
            self._play.hear(heard, await self._play.look(heard))
            if self._play.instead is not None:
                await self._say(self._play.instead, said.source)

    async def _say(self, instead: Heard, speaker: str) -> None:
        """Say this to everybody in the speaker's name. It is the manager who says it, so that nobody has to be asked,
        and an agent of a user's own can have its answer replaced like any other."""
        message = TextMessage(content=instead.text, source=speaker, id=instead.id, metadata=dict(instead.metadata))
        await self.publish_message(
            GroupChatStart(messages=[message]), topic_id=DefaultTopicId(type=self._group_topic_type)
        )
        await self._output_message_queue.put(message)
        await super().update_message_thread([message])
        self._play.hear(instead, await self._play.look(instead))

    async def select_speaker(self, thread: Sequence[BaseAgentEvent | BaseChatMessage]) -> str:
        step = self._play.step()
        self._on_step(step)
        speaker = step.phase.role
        cue = Cue(
            source=DIRECTOR,
            content=f"{step.prompt}\n\n{step.ask}".strip(),
            phase=step.phase.name,
            turn=step.turn,
            attempt=step.attempt,
            prompt=step.prompt,
            ask=step.ask,
            withdrawn=list(self._play.withdrawn),
        )
        topic = self._participant_name_to_topic_type[speaker]
        await self.publish_message(GroupChatStart(messages=[cue]), topic_id=DefaultTopicId(type=topic))
        return speaker

    @classmethod
    @cache
    def _discover_handlers(cls) -> Sequence[Any]:
        return super()._discover_handlers()


class Seat(ChatAgentContainer):
    """A participant's place in the chat, as AutoGen's, for the own runtime: what is said goes into its buffer at once,
    and asking it to speak opens no span. AutoGen's looks its handlers up anew for every participant of every chat."""

    @classmethod
    @cache
    def _discover_handlers(cls) -> Sequence[Any]:
        return super()._discover_handlers()

    def take(self, message: Any) -> bool:
        if isinstance(message, GroupChatAgentResponse):
            self._buffer_message(message.response.chat_message)
            return True
        if isinstance(message, GroupChatStart):
            for said in message.messages or ():
                self._buffer_message(said)
            return True
        return False

    async def on_message_impl(self, message: Any, ctx: MessageContext) -> Any:
        if isinstance(message, GroupChatRequestPublish) and not isinstance(self._agent, Team):
            return await self._speak(self._agent, ctx.cancellation_token)
        return await super().on_message_impl(message, ctx)

    async def _speak(self, agent: ChatAgent, token: CancellationToken) -> None:
        """An exception goes to the runtime as it was raised: nobody else needs to be told."""
        response: Response | None = None
        async for said in agent.on_messages_stream(_that_count(self._message_buffer), token):
            if isinstance(said, Response):
                response = said
            else:
                await self._log_message(said)
        if response is None:
            raise RuntimeError(f"{agent.name} gave no response")
        await self._log_message(response.chat_message)
        self._message_buffer.clear()
        answer = GroupChatAgentResponse(response=response, name=agent.name)
        topic = DefaultTopicId(type=self._parent_topic_type)
        await self.publish_message(answer, topic_id=topic, cancellation_token=token)


def _that_count(messages: Sequence[BaseChatMessage]) -> list[BaseChatMessage]:
    """Without what the cue says was withdrawn: agents of a user's own know nothing of cues."""
    withdrawn = {gone for message in messages if isinstance(message, Cue) for gone in message.withdrawn}
    return [message for message in messages if message.id not in withdrawn]


class PlayIsOver(TerminationCondition):
    """Ends the chat when the play has nothing more to ask for; the stop message says why."""

    def __init__(self, play: Play) -> None:
        self._play = play

    @property
    def terminated(self) -> bool:
        return self._play.over is not None

    async def __call__(self, messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> StopMessage | None:
        over = self._play.over
        return None if over is None else StopMessage(content=over, source=DIRECTOR)

    async def reset(self) -> None:
        """The group chat resets its condition as it stops; an episode that is over stays over."""


class ScriptedGroupChat(BaseGroupChat):
    """One episode as an AutoGen team: `run(task=question)` or `Console(team.run_stream(task=question))`, once.

    `participants` are agents named as the scenario's roles, in any order. `runtime` "own" is the project's small
    runtime, "autogen" is AutoGen's. `on_step` is told of each step before its speaker is cued. Afterwards `play` holds
    the turns.
    """

    component_type = "team"

    def __init__(
        self,
        participants: Sequence[ChatAgent],
        play: Play,
        *,
        runtime: RuntimeName = "own",
        on_step: Callable[[Step], None] = lambda step: None,
    ) -> None:
        self.play = play
        self._on_step = on_step
        self._own = TeamRuntime() if runtime == "own" else None
        super().__init__(
            play.scenario.name,
            play.scenario.summary,
            list(participants),
            DIRECTOR,
            Director,
            termination_condition=PlayIsOver(play),
            runtime=self._own,
            custom_message_types=[Cue],
        )
        if self._own is not None:
            self._own.on_failure = self._wake

    def _create_group_chat_manager_factory(
        self,
        name: str,
        group_topic_type: str,
        output_topic_type: str,
        participant_topic_types: list[str],
        participant_names: list[str],
        participant_descriptions: list[str],
        output_message_queue: asyncio.Queue[BaseAgentEvent | BaseChatMessage | GroupChatTermination],
        termination_condition: TerminationCondition | None,
        max_turns: int | None,
        message_factory: MessageFactory,
    ) -> Callable[[], Director]:
        return lambda: Director(
            self.play,
            self._on_step,
            name,
            group_topic_type,
            output_topic_type,
            participant_topic_types,
            participant_names,
            participant_descriptions,
            output_message_queue,
            termination_condition,
            max_turns,
            message_factory,
        )

    async def _init(self, runtime: AgentRuntime) -> None:
        """As AutoGen's, on the own runtime without its look-up of serialisers, as nothing is serialised there."""
        if self._own is None:
            await super()._init(runtime)
            return
        group, output = self._group_topic_type, self._output_topic_type
        for agent, topic in zip(self._participants, self._participant_topic_types, strict=True):
            seat = self._seat(agent)
            await runtime.register_factory(AgentType(topic), seat, expected_class=Seat)
            await runtime.add_subscription(TypeSubscription(topic, topic))
            await runtime.add_subscription(TypeSubscription(group, topic))
        manager = self._group_chat_manager_topic_type
        factory = self._create_group_chat_manager_factory(
            self._group_chat_manager_name,
            group,
            output,
            self._participant_topic_types,
            self._participant_names,
            self._participant_descriptions,
            self._output_message_queue,
            self._termination_condition,
            self._max_turns,
            self._message_factory,
        )
        await runtime.register_factory(AgentType(manager), factory, expected_class=Director)
        for topic in (manager, group, output):
            await runtime.add_subscription(TypeSubscription(topic, manager))
        self._initialized = True

    def _seat(self, agent: ChatAgent | Team) -> Callable[[], Seat]:
        return lambda: Seat(self._group_topic_type, self._output_topic_type, agent, self._message_factory)

    async def run_stream(
        self,
        *,
        task: str | BaseChatMessage | Sequence[BaseChatMessage] | None = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """As `BaseGroupChat.run_stream`; on the own runtime a speaker's exception comes out as it was raised."""
        stream = super().run_stream(
            task=task, cancellation_token=cancellation_token, output_task_messages=output_task_messages
        )
        try:
            async for message in stream:
                yield message
        except RuntimeError:
            if self._own is not None and self._own.failure is not None:
                raise self._own.failure from None
            raise
        finally:
            if self._own is not None:
                await self._own.aclose()

    def _wake(self, error: BaseException) -> None:
        """Tell whoever waits for the next message that there will be none."""
        shown = error if isinstance(error, Exception) else RuntimeError(str(error))
        stop = StopMessage(content="a speaker failed", source=DIRECTOR)
        self._output_message_queue.put_nowait(
            GroupChatTermination(message=stop, error=SerializableException.from_exception(shown))
        )


def question(play: Play) -> TextMessage:
    """The task of an episode's team, `team.play` being its play: the seed's question, said to everybody."""
    return TextMessage(content=play.lesson.seed.instruction, source="user", id=f"{play.episode.id}:question")
