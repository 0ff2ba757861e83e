"""The embedded model under the grammars: what it says is what they allow."""

from __future__ import annotations

import pytest
from autogen_core.models import AssistantMessage, LLMMessage, SystemMessage, UserMessage

from master_autogen.models.local import EmbeddedChat
from master_autogen.pool import ModelSpec
from master_autogen.records import Act, Seed
from master_autogen.wording import Accepted, Attempt, Facts, Said, script

CARS = Seed(
    instruction="Tim has 14 toy cars and buys 8 more. Then he gives 5 away. How many toy cars does he have now?",
    response="Tim buys 8 more, so he has 14 + 8 = 22 toy cars. After giving 5 away he has 22 - 5 = 17 toy cars. "
    "The answer is 17.",
    answer="17",
    kind="math",
)


def _message(role: str, text: str) -> LLMMessage:
    if role == "system":
        return SystemMessage(content=text)
    return AssistantMessage(content=text, source="a") if role == "assistant" else UserMessage(content=text, source="u")


async def _ask(client: EmbeddedChat, attempt: Attempt) -> Accepted | None:
    messages = [_message(role, text) for role, text in attempt.messages]
    reply = await client.create(messages, extra_create_args={**attempt.sampling, "seed": 1})
    return attempt.accept(str(reply.content))


@pytest.mark.local
async def test_a_lesson_in_the_models_choice_of_words() -> None:
    client = EmbeddedChat(ModelSpec(provider="embedded", model="smollm2"))
    said: tuple[Said, ...] = ()
    acts: list[tuple[Act, str]] = [
        ("pose", "teacher"),
        ("err", "student"),
        ("correct", "teacher"),
        ("revise", "student"),
    ]
    for act, role in acts:
        attempt = script(act, Facts(seed=CARS, said=said, role=role), ("local",)).attempts[0]
        assert attempt.made_by == "worded"
        accepted = await _ask(client, attempt)
        assert accepted is not None
        said = (*said, Said(role=role, act=act, text=accepted.text, notes=dict(accepted.notes)))
    await client.close()
    assert said[1].notes["misconception"] == said[2].notes["misconception"]
