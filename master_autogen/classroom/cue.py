"""What the director tells one speaker in private: the phase, its prompt with the facts it may see, what to forget."""

from __future__ import annotations

from autogen_agentchat.messages import BaseChatMessage, BaseTextChatMessage, TextMessage
from autogen_core.models import UserMessage


class Cue(BaseTextChatMessage):
    """Sent on the speaker's own topic, so that no other participant and no transcript ever holds it.

    `turn` is the place of the turn in the episode, `attempt` counts from 1, `withdrawn` lists the ids of messages that
    were said and do not count. `opening` is the question that stands before what the speaker says, which the others
    have read; "" for none. `content` is prompt and ask in one, for an agent that knows nothing of cues.
    """

    phase: str
    turn: int
    attempt: int
    prompt: str
    ask: str
    withdrawn: list[str]
    opening: str = ""

    def to_model_message(self) -> UserMessage:
        return UserMessage(content=self.content, source=self.source)


def opening(question: str, speaker: str, message_id: str) -> TextMessage:
    """The question that stands before a turn, in the name of its speaker."""
    return TextMessage(content=question, source=speaker, id=message_id, metadata={"opening": "yes"})


def is_opening(message: BaseChatMessage) -> bool:
    """Whether the message stands before a turn and is none."""
    return message.metadata.get("opening") == "yes"
