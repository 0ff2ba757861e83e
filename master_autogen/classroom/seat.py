"""A participant's place in the group chat: the project's own, and AutoGen's where that is needed. What was withdrawn
reaches nobody in either: agents of a user's own know nothing of cues."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import ChatAgent, Response
from autogen_agentchat.messages import BaseAgentEvent, BaseChatMessage, MessageFactory
from autogen_core import BaseAgent, CancellationToken, MessageContext, TopicId, event

from master_autogen.classroom.cue import Cue
from master_autogen.classroom.groupchat import (
    ChatAgentContainer,
    GroupChatAgentResponse,
    GroupChatMessage,
    GroupChatPause,
    GroupChatRequestPublish,
    GroupChatReset,
    GroupChatResume,
    GroupChatStart,
    GroupChatTeamResponse,
)

M = TypeVar("M", bound=BaseAgentEvent | BaseChatMessage)


class Seat(BaseAgent):
    """A participant's place in the chat on the own runtime: what AutoGen's `ChatAgentContainer` is, for one agent. What
    is said goes into its buffer at once, and asking it to speak opens no span; AutoGen's takes longer to be made than
    all that it does in an episode."""

    def __init__(self, group: TopicId, output: TopicId, agent: ChatAgent, factory: MessageFactory) -> None:
        super().__init__(agent.description)
        self._agent = agent
        self._factory = factory
        self._group = group
        self._output = output
        self._buffer: list[BaseChatMessage] = []

    def take(self, message: Any) -> bool:
        if isinstance(message, GroupChatAgentResponse):
            self._buffer.append(message.response.chat_message)
        elif isinstance(message, GroupChatStart):
            self._buffer += message.messages or ()
        elif isinstance(message, GroupChatTeamResponse):
            for part in message.result.messages:
                if isinstance(part, BaseChatMessage):
                    self._buffer.append(self._known(part))
        else:
            return False
        return True

    async def on_message_impl(self, message: Any, ctx: MessageContext) -> None:
        """An exception goes to the runtime as it was raised: nobody else needs to be told."""
        if self.take(message):
            return
        if isinstance(message, GroupChatRequestPublish):
            await self._speak(ctx.cancellation_token)
        elif isinstance(message, GroupChatReset):
            self._buffer.clear()
            await self._agent.on_reset(ctx.cancellation_token)
        elif isinstance(message, GroupChatPause):
            await self._agent.on_pause(ctx.cancellation_token)
        elif isinstance(message, GroupChatResume):
            await self._agent.on_resume(ctx.cancellation_token)
        else:
            raise ValueError(f"{self._agent.name} cannot do anything with a {type(message).__name__}")

    async def _speak(self, token: CancellationToken) -> None:
        response = await self._response(_that_count(self._buffer), token)
        self._known(response.chat_message)
        self._buffer.clear()
        answer = GroupChatAgentResponse(response=response, name=self._agent.name)
        await self.publish_message(answer, self._group, cancellation_token=token)

    async def _response(self, heard: Sequence[BaseChatMessage], token: CancellationToken) -> Response:
        """What the agent says; what it thinks and does on the way is shown at once, the answer by who hears it."""
        response: Response | None = None
        if getattr(type(self._agent), "on_messages_stream", None) is BaseChatAgent.on_messages_stream:
            response = await self._agent.on_messages(heard, token)  # all that this stream does
            for thought in response.inner_messages or ():
                await self._show(thought)
            return response
        async for said in self._agent.on_messages_stream(heard, token):
            if isinstance(said, Response):
                response = said
            else:
                await self._show(said)
        if response is None:
            raise RuntimeError(f"{self._agent.name} gave no response")
        return response

    async def _show(self, message: BaseAgentEvent | BaseChatMessage) -> None:
        shown = GroupChatMessage(message=self._known(message))
        await self.publish_message(shown, self._output)

    def _known(self, message: M) -> M:
        if not self._factory.is_registered(message.__class__):
            raise ValueError(f"{self._agent.name}: the team does not know messages of type {type(message).__name__}")
        return message


class Container(ChatAgentContainer):
    """AutoGen's own place: for every participant on AutoGen's runtime, and for a team in a role on any."""

    @event
    async def handle_request(self, message: GroupChatRequestPublish, ctx: MessageContext) -> None:  # type: ignore[override]
        self._message_buffer = _that_count(self._message_buffer)
        await super().handle_request(message, ctx)  # type: ignore[call-arg]


def _that_count(messages: Sequence[BaseChatMessage]) -> list[BaseChatMessage]:
    """Without what a cue among them says was withdrawn."""
    withdrawn = {gone for message in messages if isinstance(message, Cue) for gone in message.withdrawn}
    return [message for message in messages if message.id not in withdrawn]
