"""An agent whose model is too small to be trusted with truth: code lays down what has to be said, the model words it.

Everything that is said comes from `wording`; this room only asks the model and hands what it says back to be
accepted. A turn is `model` (the model's own words, verified), `worded` (the model chose the words under a grammar) or
`template` (no wording was accepted, so code's own text stands).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from autogen_agentchat.messages import TextMessage
from autogen_core import CancellationToken
from autogen_core.models import AssistantMessage, ChatCompletionClient, LLMMessage, SystemMessage, UserMessage

from master_autogen.classroom.agents import Listener
from master_autogen.classroom.cue import Cue, is_opening
from master_autogen.classroom.play import titles
from master_autogen.draws import draw
from master_autogen.records import LessonPlan, MadeBy
from master_autogen.scenario import Phase, Scenario
from master_autogen.wording import Facts, Said, script


class WordedAgent(Listener):
    """See the module. `temperature` is the agent's own, used for the first asking; `key` is what its draws hang on."""

    def __init__(
        self,
        name: str,
        client: ChatCompletionClient,
        *,
        episode_id: str,
        scenario: Scenario,
        lesson: LessonPlan,
        temperature: float,
        key: tuple[object, ...],
        description: str = "",
    ) -> None:
        super().__init__(name, client, episode_id=episode_id, description=description)
        self._phases: tuple[Phase, ...] = scenario.script
        self._titles = titles(scenario)
        self._lesson = lesson
        self._temperature = temperature
        self._key = key

    async def speak(self, cue: Cue, cancellation_token: CancellationToken) -> TextMessage:
        phase = self._phases[cue.turn]
        act = phase.act
        if act is None:
            raise RuntimeError(f"phase {cue.phase} names no act, so a worded agent does not know what there is to say")
        key = (*self._key, cue.phase, cue.attempt)
        laid_down = script(act, self._facts(), key, phase.misconceptions or None)
        for i, attempt in enumerate(laid_down.attempts):
            sampling: dict[str, Any] = {**attempt.sampling, "seed": draw(*key, i) % 2**31}
            if attempt.made_by == "worded" and i == 0:
                sampling["temperature"] = self._temperature
            result = await self._client.create(
                [_message(role, text, self.name) for role, text in attempt.messages],
                extra_create_args=sampling,
                cancellation_token=cancellation_token,
            )
            accepted = attempt.accept(result.content if isinstance(result.content, str) else "")
            if accepted is not None:
                return self._said(cue, accepted.text, attempt.made_by, accepted.notes)
        return self._said(cue, laid_down.fallback.text, "template", laid_down.fallback.notes)

    def _facts(self) -> Facts:
        turns = [message for message in self._heard if message.source != "user" and not is_opening(message)]
        said = tuple(
            Said(role=message.source, act=phase.act, text=message.to_text(), notes=_notes(message.metadata))
            for phase, message in zip(self._phases, turns, strict=False)
            if phase.act is not None
        )
        return Facts(
            seed=self._lesson.seed, similar=self._lesson.similar, said=said, role=self.name, names=self._titles
        )

    def _said(self, cue: Cue, text: str, made_by: MadeBy, notes: Mapping[str, str]) -> TextMessage:
        return self.message(cue, text, {"made_by": made_by, "notes": json.dumps(dict(notes), sort_keys=True)})


def _notes(metadata: Mapping[str, str]) -> dict[str, str]:
    notes: dict[str, str] = json.loads(metadata.get("notes", "{}"))
    return notes


def _message(role: str, text: str, name: str) -> LLMMessage:
    if role == "system":
        return SystemMessage(content=text)
    return (
        AssistantMessage(content=text, source=name) if role == "assistant" else UserMessage(content=text, source="user")
    )
