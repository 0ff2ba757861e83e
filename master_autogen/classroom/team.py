"""The group chat of a scenario: a `BaseGroupChat` whose manager, the director, follows the script."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import cache
from typing import Any, Literal

from autogen_agentchat.base import ChatAgent, TaskResult, Team, TerminationCondition
from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    MessageFactory,
    ModelClientStreamingChunkEvent,
    StopMessage,
    TextMessage,
)
from autogen_agentchat.teams import BaseGroupChat
from autogen_core import (
    AgentId,
    AgentRuntime,
    AgentType,
    BaseAgent,
    CancellationToken,
    DefaultTopicId,
    MessageContext,
    TopicId,
)

from master_autogen.classroom.cue import Cue, opening
from master_autogen.classroom.groupchat import (
    BaseGroupChatManager,
    ChatAgentContainer,
    GroupChatAgentResponse,
    GroupChatMessage,
    GroupChatRequestPublish,
    GroupChatStart,
    GroupChatTermination,
    SerializableException,
)
from master_autogen.classroom.play import Heard, Play, Step
from master_autogen.classroom.runtime import TeamRuntime
from master_autogen.classroom.seat import Container, Seat

DIRECTOR = "director"
RuntimeName = Literal["own", "autogen"]

_SPEAK = GroupChatRequestPublish()
_ONCE = "a team plays one episode; make a new team for the next"


class Director(BaseGroupChatManager):
    """The manager: cues each speaker in private, hears what is said, and lets the play decide what comes next."""

    def __init__(self, play: Play, on_step: Callable[[Step], None], shows: bool, *args: object) -> None:
        """`shows`: an answer is shown as it is heard, as whoever gives it does not."""
        super().__init__(*args)  # type: ignore[arg-type]
        self._shows = shows
        self._play = play
        self._on_step = on_step
        self._topics = {role: TopicId(t, self.id.key) for role, t in self._participant_name_to_topic_type.items()}

    def take(self, message: Any) -> bool:
        """What a participant wants shown goes to whoever looks on at once."""
        if isinstance(message, GroupChatMessage):
            self._output_message_queue.put_nowait(message.message)
            return True
        return False

    async def on_message_impl(self, message: Any, ctx: MessageContext) -> Any:
        """As AutoGen's, without the lock for what comes one at a time: speakers are asked one after the other."""
        if isinstance(message, GroupChatAgentResponse):
            if self._shows:
                self._output_message_queue.put_nowait(message.response.chat_message)
            return await self.handle_agent_response(message, ctx)  # type: ignore[call-arg]
        return await super().on_message_impl(message, ctx)

    async def _transition_to_next_speakers(self, cancellation_token: CancellationToken) -> None:
        """As AutoGen's, for one speaker at a time, and without a task for choosing it and an event of the choice, which
        nobody sees."""
        speaker = await self.select_speaker(self._message_thread)
        self._active_speakers.append(speaker)
        await self.publish_message(_SPEAK, self._topics[speaker], cancellation_token=cancellation_token)

    async def validate_group_state(self, messages: list[BaseChatMessage] | None) -> None:
        """Any start will do: the task is the question, which everybody may hear."""

    async def reset(self) -> None:
        raise RuntimeError(_ONCE)

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
            id=f"{self._play.episode.id}:{step.turn}:{step.attempt}:cue",
            source=DIRECTOR,
            metadata={},
            content=f"{step.prompt}\n\n{step.ask}".strip(),
            phase=step.phase.name,
            turn=step.turn,
            attempt=step.attempt,
            prompt=step.prompt,
            ask=step.ask,
            withdrawn=list(self._play.withdrawn),
            opening=step.opening,
        )
        if step.opening and step.attempt == 1:
            await self._open(opening(step.opening, speaker, f"{self._play.episode.id}:{step.turn}:opening"))
        await self.publish_message(GroupChatStart(messages=[cue]), self._topics[speaker])
        return speaker

    async def _open(self, message: TextMessage) -> None:
        """Have everybody but the speaker read what stands before the turn. The speaker's cue holds it: in its request
        it would seem to have been said already."""
        for role, topic in self._topics.items():
            if role != message.source:
                await self.publish_message(GroupChatStart(messages=[message]), topic)
        await self._output_message_queue.put(message)
        await super().update_message_thread([message])

    @classmethod
    @cache
    def _discover_handlers(cls) -> Sequence[Any]:
        return super()._discover_handlers()


class PlayIsOver(TerminationCondition):
    """Ends the chat when the play has nothing more to ask for; the stop message says why."""

    def __init__(self, play: Play) -> None:
        self._play = play

    @property
    def terminated(self) -> bool:
        return self._play.over is not None

    async def __call__(self, messages: Sequence[BaseAgentEvent | BaseChatMessage]) -> StopMessage | None:
        over = self._play.over
        if over is None:
            return None
        return StopMessage(content=over, source=DIRECTOR, id=f"{self._play.episode.id}:over", metadata={})

    async def reset(self) -> None:
        """The group chat resets its condition as it stops; an episode that is over stays over."""


class _Shown(asyncio.Queue[BaseAgentEvent | BaseChatMessage | GroupChatTermination]):
    """What a team shows; `over` is set when it has shown that it ends."""

    def __init__(self) -> None:
        super().__init__()
        self.over = asyncio.Event()

    def _put(self, item: BaseAgentEvent | BaseChatMessage | GroupChatTermination) -> None:
        super()._put(item)
        if isinstance(item, GroupChatTermination):
            self.over.set()


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
        self._played = False
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
        self._output_message_queue = self._shown = _Shown()
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
            self._own is not None,
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

    def _create_participant_factory(
        self,
        parent_topic_type: str,
        output_topic_type: str,
        agent: ChatAgent | Team,
        message_factory: MessageFactory,
    ) -> Callable[[], ChatAgentContainer]:
        return lambda: Container(parent_topic_type, output_topic_type, agent, message_factory)

    async def _init(self, runtime: AgentRuntime) -> None:
        """As AutoGen's, on the own runtime without its look-up of serialisers, as nothing is serialised there."""
        own = self._own
        if own is None:
            await super()._init(runtime)
            return
        group, output = self._group_topic_type, self._output_topic_type
        topics = TopicId(group, self._team_id), TopicId(output, self._team_id)
        for agent, topic in zip(self._participants, self._participant_topic_types, strict=True):
            await own.register_factory(AgentType(topic), self._seat(agent, *topics))
            own.connect(topic, topic)
            own.connect(group, topic)
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
        await own.register_factory(AgentType(manager), factory)
        for topic in (manager, group, output):
            own.connect(topic, manager)
        self._initialized = True

    def _seat(self, agent: ChatAgent | Team, group: TopicId, output: TopicId) -> Callable[[], BaseAgent]:
        """A team in a role gets AutoGen's own place."""
        if isinstance(agent, Team):
            return self._create_participant_factory(group.type, output.type, agent, self._message_factory)
        return lambda: Seat(group, output, agent, self._message_factory)

    async def run(
        self,
        *,
        task: str | BaseChatMessage | Sequence[BaseChatMessage] | None = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> TaskResult:
        """As `BaseGroupChat.run`; where nobody looks on, the event loop is not woken for each thing that is said."""
        own = self._own
        if own is None or not isinstance(task, BaseChatMessage) or cancellation_token is not None:
            return await super().run(  # which takes it from run_stream
                task=task, cancellation_token=cancellation_token, output_task_messages=output_task_messages
            )
        self._begin()
        self._is_running = True
        try:
            if not self._initialized:
                await self._init(own)
            start = GroupChatStart(messages=[task], output_task_messages=output_task_messages)
            await own.send_message(start, AgentId(self._group_chat_manager_topic_type, self._team_id))
            await self._shown.over.wait()
            shown: list[BaseAgentEvent | BaseChatMessage] = []
            while not isinstance(message := self._shown.get_nowait(), GroupChatTermination):
                if not isinstance(message, ModelClientStreamingChunkEvent):
                    shown.append(message)
            if message.error is not None:
                raise RuntimeError(str(message.error))
            return TaskResult(messages=shown, stop_reason=message.message.content)
        except RuntimeError:
            if own.failure is not None:
                raise own.failure from None
            raise
        finally:
            self._is_running = False
            await own.aclose()

    async def run_stream(
        self,
        *,
        task: str | BaseChatMessage | Sequence[BaseChatMessage] | None = None,
        cancellation_token: CancellationToken | None = None,
        output_task_messages: bool = True,
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """As `BaseGroupChat.run_stream`; on the own runtime a speaker's exception comes out as it was raised."""
        self._begin()
        own = self._own
        stream = super().run_stream(
            task=task, cancellation_token=cancellation_token, output_task_messages=output_task_messages
        )
        try:
            async for message in stream:
                yield message
        except RuntimeError:
            if own is not None and own.failure is not None:
                raise own.failure from None
            raise
        finally:
            if own is not None:
                await own.aclose()

    def _begin(self) -> None:
        """ValueError while the team plays, RuntimeError when it has played."""
        if self._is_running:
            raise ValueError("the team is playing already")
        if self._played:
            raise RuntimeError(_ONCE)
        self._played = True

    def _wake(self, error: BaseException) -> None:
        """Tell whoever waits for the next message that there will be none."""
        shown = error if isinstance(error, Exception) else RuntimeError(str(error))
        stop = StopMessage(content="a speaker failed", source=DIRECTOR)
        self._output_message_queue.put_nowait(
            GroupChatTermination(message=stop, error=SerializableException.from_exception(shown))
        )


def question(play: Play) -> TextMessage:
    """The task of an episode's team, `team.play` being its play: the seed's question, said to everybody."""
    return TextMessage(
        content=play.lesson.seed.instruction, source="user", id=f"{play.episode.id}:question", metadata={}
    )
