"""What the director tells one speaker in private: the phase, its prompt with the facts it may see, what to forget."""

from __future__ import annotations

from autogen_agentchat.messages import BaseTextChatMessage
from autogen_core.models import UserMessage


class Cue(BaseTextChatMessage):
    """Sent on the speaker's own topic, so that no other participant and no transcript ever holds it.

    `turn` is the place of the turn in the episode, `attempt` counts from 1, `withdrawn` lists the ids of messages that
    were said and do not count. `content` is prompt and ask in one, for an agent that knows nothing of cues.
    """

    phase: str
    turn: int
    attempt: int
    prompt: str
    ask: str
    withdrawn: list[str]

    def to_model_message(self) -> UserMessage:
        return UserMessage(content=self.content, source=self.source)
