"""The course of one episode, without any AutoGen in it: what comes next, what counts, when it is over.

`Play` renders each phase's prompt with the private facts the phase grants, judges what was said by the phase's checks,
asks again a bounded number of times, and ends the episode with a reason. A first answer that is to be wrong and is not
gets a planted mistake in its place, or makes the lesson a confirmation. The director drives it, a notebook may:

    play.step()  # who is to say what
    play.hear(Heard("1", "The answer is 12.", {}))
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from master_autogen.checks import SLOW, CheckInput, check_all
from master_autogen.classroom.first_error import Settled, settle
from master_autogen.prompts import fill
from master_autogen.records import CheckResult, CodeCheck, EpisodePlan, Label, LessonPlan, MadeBy, Seed, Turn
from master_autogen.scenario import Phase, Scenario
from master_autogen.wording import Planted

OF_SEEDS = frozenset({"no_leak", "right_answer", "wrong_answer"})
"""Slow checks that have nothing to read where the seed cannot be checked."""
OF_ANSWERS = frozenset({"right_answer", "wrong_answer"})
"""Checks that have to tell, where the seed can be checked."""


class Step(NamedTuple):
    """One thing to be said: `prompt` and `ask` are rendered, `turn` counts from 0, `attempt` from 1. `opening` is the
    question that stands before what is said, or ""."""

    phase: Phase
    turn: int
    attempt: int
    prompt: str
    ask: str
    opening: str


class Heard(NamedTuple):
    """What came back from a speaker. `metadata` are the strings an agent of ours puts on its message."""

    id: str
    text: str
    metadata: Mapping[str, str]


class Play:
    """One episode as it goes. `turns` are those that count; `over` says why nothing more is asked for. `instead` is
    what has to be said, and heard, in the speaker's name before the next step: a planted mistake."""

    def __init__(
        self, scenario: Scenario, lesson: LessonPlan, episode: EpisodePlan, *, code_check: CodeCheck = "off"
    ) -> None:
        self.scenario = scenario
        self.lesson = lesson
        self.episode = episode
        self.turns: list[Turn] = []
        self.checks: list[CheckResult] = []
        self.withdrawn: list[str] = []
        self.rejected: str | None = None
        self.label: Label | None = None
        self.instead: Heard | None = None
        self._code_check = code_check
        self._script = scenario.script
        self._at = 0
        self._attempt = 1

    @property
    def over(self) -> str | None:
        """None while there is something to say; else "complete" or the reason of the rejection."""
        if self.rejected is not None:
            return self.rejected
        return "complete" if self._at == len(self._script) else None

    def step(self) -> Step:
        """What is to be said now."""
        phase = self._script[self._at]
        return Step(phase, self._at, self._attempt, *self.rendered(phase), self.opening(phase))

    def rendered(self, phase: Phase) -> tuple[str, str]:
        """A phase's prompt and ask with what it may see put in."""
        facts = self._facts(phase)
        return fill(phase.prompt, facts), fill(phase.ask, facts)

    def opening(self, phase: Phase) -> str:
        """The question that stands before what a phase says, or ""."""
        return self.target(phase).instruction if phase.opens_with is not None else ""

    def target(self, phase: Phase) -> Seed:
        """The seed whose question a phase is about."""
        if phase.about == "question":
            return self.lesson.seed
        assert self.lesson.similar is not None  # casting gives every lesson of such a scenario its similar seed
        return self.lesson.similar

    async def look(self, heard: Heard) -> list[CheckResult]:
        """What the phase's checks find of this, slow ones in a thread. Changes nothing: `hear` takes the findings."""
        phase = self._script[self._at]
        slow = SLOW.intersection(phase.checks)
        if not self.target(phase).checkable_by(self._code_check):
            slow -= OF_SEEDS
        return await asyncio.to_thread(self._found, heard) if slow else self._found(heard)

    def hear(self, heard: Heard, found: Sequence[CheckResult] | None = None) -> None:
        """Take what the speaker said: it counts, or it is asked for again, or the episode is rejected. `found` is what
        `look` gave; without it the checks run here and now."""
        phase = self._script[self._at]
        findings = self._found(heard) if found is None else found
        self.checks += findings
        failed = [result for result in findings if result.passed is False or self._had_to_tell(phase, result)]
        if failed and self._attempt <= phase.retries:
            self._withdraw(heard)
            return
        settled = Settled() if heard is self.instead else self._settle(phase, failed)
        if settled.planted is not None:
            self._withdraw(heard)
            self.instead = self._planted(settled.planted)
            return
        self.instead = None
        if settled.confirmed:
            self.label, failed = "confirmation", []
        elif any(result.name == "wrong_answer" and result.passed for result in findings):
            self.label = "correction"
        self.turns.append(self._turn(phase, heard))
        self._at += 1
        self._attempt = 1
        if failed and phase.on_failure == "reject":
            told = "could not tell: " if failed[0].passed is None else ""
            self.rejected = f"{phase.name}: {failed[0].name}: {told}{failed[0].detail}{settled.why}"

    def _withdraw(self, heard: Heard) -> None:
        self.withdrawn.append(heard.id)
        self._attempt += 1

    def _had_to_tell(self, phase: Phase, found: CheckResult) -> bool:
        """Whether a check that could not tell should have been able to."""
        if found.passed is not None or found.name not in OF_ANSWERS:
            return False
        return self.target(phase).checkable_by(self._code_check)

    def _settle(self, phase: Phase, failed: Sequence[CheckResult]) -> Settled:
        share, key = self.scenario.confirmations, draw_key(self.lesson, self.episode)
        return settle(phase, self.target(phase), failed, share=share, key=key)

    def _planted(self, planted: Planted) -> Heard:
        notes = {**planted.notes, "misconception": planted.misconception, "planted": "yes"}
        metadata = {"made_by": "template", "notes": json.dumps(notes, sort_keys=True)}
        return Heard(f"{self.episode.id}:{self._at}:{self._attempt}", planted.text, metadata)

    def _facts(self, phase: Phase) -> dict[str, object]:
        seed, similar = self.lesson.seed, self.lesson.similar
        granted: dict[str, object] = {
            "reference": seed.response,
            "answer": seed.answer or "",
            "similar_question": similar.instruction if similar else "",
            "similar_reference": similar.response if similar else "",
            "similar_answer": (similar.answer or "") if similar else "",
        }
        facts = {name: granted[name] for name in phase.sees}
        title = self.scenario.roles[phase.role].title
        return facts | {
            "question": seed.instruction,
            "title": title,
            "phase": phase.name,
            "exchange": phase.exchange,
            "confirmed": self.label == "confirmation",
        }

    def _found(self, heard: Heard) -> list[CheckResult]:
        phase = self._script[self._at]
        teacher = self.scenario.pair.instruction
        seen = CheckInput(
            target=self.target(phase),
            text=heard.text,
            role=phase.role,
            phase=phase.name,
            said=tuple(turn.text for turn in self.turns),
            speakers=tuple(turn.role for turn in self.turns),
            teacher=tuple(turn.text for turn in self.turns if turn.role == teacher),
            truncated=heard.metadata.get("truncated") == "yes",
            code_check=self._code_check,
        )
        return [
            _result(name, self._at, found.passed, found.detail, self._attempt)
            for name, found in zip(phase.checks, check_all(phase.checks, seen), strict=True)
        ]

    def _turn(self, phase: Phase, heard: Heard) -> Turn:
        text = "\n\n".join(filter(None, (self.opening(phase), heard.text.strip())))
        made_by = heard.metadata.get("made_by", "model")
        return Turn(
            idx=self._at,
            phase=phase.name,
            role=phase.role,
            agent=self.episode.cast.agents[phase.role],
            text=text,
            side=phase.side,
            train=phase.train,
            made_by=_made_by(made_by),
            attempts=self._attempt,
            truncated=heard.metadata.get("truncated") == "yes",
            thought=heard.metadata.get("thought") or None,
            notes=json.loads(notes) if (notes := heard.metadata.get("notes")) else {},
        )


@lru_cache(maxsize=1024)
def _result(name: str, turn_idx: int, passed: bool | None, detail: str, attempt: int) -> CheckResult:
    """Most turns pass most checks, with nothing to say of it: one record for all of these."""
    return CheckResult(name=name, turn_idx=turn_idx, passed=passed, detail=detail, attempt=attempt)


def _made_by(text: str) -> MadeBy:
    return "worded" if text == "worded" else "template" if text == "template" else "model"


def draw_key(lesson: LessonPlan, episode: EpisodePlan) -> tuple[object, ...]:
    """What the draws of an episode hang on, besides phase and attempt."""
    return (lesson.random_seed, lesson.scenario, lesson.round, lesson.seed.id, episode.slot)


def titles(scenario: Scenario) -> dict[str, str]:
    """The title of each role, as the others read it."""
    return {name: role.title for name, role in scenario.roles.items()}


def own_voice(scenario: Scenario, role: str) -> frozenset[str]:
    """The roles whose turns this one takes for its own."""
    continued = scenario.roles[role].continues
    return frozenset({role} if continued is None else {role, continued})
