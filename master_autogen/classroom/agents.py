"""The agents of a cast: a `PhaseAgent` says what its cue asks for, a `WordedAgent` words what code lays down.

Both are plain `BaseChatAgent`s. They know the public history and what their cues told them, and nothing else.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from autogen_agentchat.agents import BaseChatAgent
from autogen_agentchat.base import Response
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_core import CancellationToken
from autogen_core.models import AssistantMessage, ChatCompletionClient, LLMMessage, SystemMessage, UserMessage

from master_autogen.classroom.cue import Cue, opening

SamplingOf = Callable[[Cue], Mapping[str, Any]]
"""The sampling settings for what a cue asks: the agent's own, with the seed drawn for this phase and attempt."""


class LightAgent(BaseChatAgent):
    """A `BaseChatAgent` that is made without an OpenTelemetry span: a lesson makes eight agents, and the spans of three
    would take longer than a whole turn of the group chat."""

    def __init__(self, name: str, description: str) -> None:
        if not name.isidentifier():
            raise ValueError(f"agent name {name!r} is no identifier")
        self._name = name
        self._description = description


class Listener(LightAgent):
    """Keeps the public history and the last cue; `episode_id` makes message ids the same in every playing."""

    def __init__(self, name: str, client: ChatCompletionClient, *, episode_id: str, description: str = "") -> None:
        super().__init__(name, description or name)
        self._client = client
        self._episode_id = episode_id
        self._heard: list[BaseChatMessage] = []

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_reset(self, cancellation_token: CancellationToken) -> None:
        self._heard.clear()

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        cue: Cue | None = None
        for message in messages:
            if isinstance(message, Cue):
                cue = message
            else:
                self._heard.append(message)
        if cue is None:
            raise RuntimeError(f"{self.name} was asked to speak without a cue; cast it in a ScriptedGroupChat")
        self._heard = [message for message in self._heard if message.id not in cue.withdrawn]
        said = await self.speak(cue, cancellation_token)
        if cue.opening:  # goes with what was said, should that be withdrawn
            self._heard.append(opening(cue.opening, self.name, said.id))
        self._heard.append(said)
        return Response(chat_message=said)

    @abstractmethod
    async def speak(self, cue: Cue, cancellation_token: CancellationToken) -> TextMessage:
        """What the agent says to this cue."""

    def message(self, cue: Cue, text: str, metadata: Mapping[str, str]) -> TextMessage:
        return TextMessage(
            content=text,
            source=self.name,
            id=f"{self._episode_id}:{cue.turn}:{cue.attempt}",
            metadata=dict(metadata),
        )


class PhaseAgent(Listener):
    """A role played by a model: the cue's prompt as system message, then the public history, then the cue's ask.

    `own` are the roles whose turns it takes for its own; `titles` name the others where more than one of them spoke.
    """

    def __init__(
        self,
        name: str,
        client: ChatCompletionClient,
        *,
        episode_id: str,
        sampling: SamplingOf,
        own: frozenset[str],
        titles: Mapping[str, str],
        hears_question: bool = True,
        description: str = "",
    ) -> None:
        super().__init__(name, client, episode_id=episode_id, description=description)
        self._sampling = sampling
        self._own = own
        self._titles = titles
        self._hears_question = hears_question

    async def speak(self, cue: Cue, cancellation_token: CancellationToken) -> TextMessage:
        result = await self._client.create(
            self.request(cue), extra_create_args=self._sampling(cue), cancellation_token=cancellation_token
        )
        text = result.content if isinstance(result.content, str) else ""
        metadata = {"made_by": "model"}
        if result.finish_reason == "length":
            metadata["truncated"] = "yes"
        if result.thought:
            metadata["thought"] = result.thought
        return self.message(cue, text.strip(), metadata)

    def request(self, cue: Cue) -> list[LLMMessage]:
        """The messages sent for a cue: system, then assistant and user in turns, never two of a kind in a row."""
        said = [(m.source, m.to_text()) for m in self._heard if self._hears_question or m.source != "user"]
        others = {source for source, _ in said if source not in self._own and source != "user"}
        titles = {other: self._titles[other] for other in others if other in self._titles}
        if len(set(titles.values())) < 2:
            titles = {}
        spoken = [
            (source in self._own, f"{titles[source]}: {text}" if source in titles else text) for source, text in said
        ]
        if cue.ask:
            spoken.append((False, cue.ask))
        return [SystemMessage(content=cue.prompt), *_alternate(spoken, self.name)]


def _alternate(spoken: Sequence[tuple[bool, str]], name: str) -> list[LLMMessage]:
    """Merge neighbours of one side: many chat templates refuse two user messages in a row."""
    merged: list[tuple[bool, str]] = []
    for own, text in spoken:
        if merged and merged[-1][0] == own:
            merged[-1] = (own, f"{merged[-1][1]}\n\n{text}")
        else:
            merged.append((own, text))
    return [
        AssistantMessage(content=text, source=name) if own else UserMessage(content=text, source="user")
        for own, text in merged
    ]
