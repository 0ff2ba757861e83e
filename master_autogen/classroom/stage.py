"""What lessons of one scenario are played with, and how a role gets its agent.

Every agent's calls go through a recorder of its own, so that each attempt has its row, whoever wrote the agent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autogen_agentchat.base import ChatAgent
from autogen_core.models import ChatCompletionClient

from master_autogen.classroom.agents import PhaseAgent
from master_autogen.classroom.cue import Cue
from master_autogen.classroom.play import draw_key, own_voice, titles
from master_autogen.classroom.team import RuntimeName
from master_autogen.classroom.worded import WordedAgent
from master_autogen.draws import draw
from master_autogen.grading.quality import Rubric
from master_autogen.models.providers import Clients
from master_autogen.models.recorded import CallSite, RecordedClient, RecordedScorer, by_identity, call_numbers
from master_autogen.pool import AgentSpec, Pool
from master_autogen.records import Call, CodeCheck, EpisodePlan, LessonPlan, Purpose
from master_autogen.scenario import Scenario

Guest = Callable[[str, ChatCompletionClient], ChatAgent]
"""Makes an agent of the user's own for a role: given the role's name and its cast agent's recorded client."""


@dataclass(frozen=True)
class Stage:
    """A `scenario` with a `pool`, its `clients`, and `sink`, which gets each call as it ends.

    `rubric` None: the verifier judges. `runtime` is the small one made for one team, or AutoGen's. `guests` play roles
    in place of the pool's agents. `recorded` gives the calls of an earlier playing by episode id, which are used again
    instead of asking the models; with `strict`, nothing else may be asked. `grader` tells evaluators that grade a
    lesson once more from those that graded it first. `code_check` says how programs are run, where a check has to run
    one.
    """

    scenario: Scenario
    pool: Pool
    clients: Clients
    sink: Callable[[Call], None]
    rubric: Rubric | None = None
    runtime: RuntimeName = "own"
    guests: Mapping[str, Guest] = field(default_factory=dict)
    recorded: Callable[[str], Sequence[Call]] = lambda owner: ()
    strict: bool = False
    grader: str = ""
    code_check: CodeCheck = "off"

    def evaluator(self, name: str) -> str:
        """An evaluator's name in the log's calls."""
        return f"{name}@{self.grader}" if self.grader else name

    def agent(self, role: str, lesson: LessonPlan, episode: EpisodePlan, client: RecordedClient) -> ChatAgent:
        """The agent that plays `role` in `episode`: a guest, a worded agent, or a model with the phase's prompts."""
        if role in self.guests:
            return self.guests[role](role, client)
        spec = self.pool.agents[episode.cast.agents[role]]
        about = self.scenario.roles[role].about or self.scenario.roles[role].title
        key = draw_key(lesson, episode)
        if spec.worded:
            return WordedAgent(
                role,
                client,
                episode_id=episode.id,
                scenario=self.scenario,
                lesson=lesson,
                temperature=spec.temperature,
                key=key,
                description=about,
            )
        return PhaseAgent(
            role,
            client,
            episode_id=episode.id,
            sampling=_sampling(spec, key),
            own=own_voice(self.scenario, role),
            titles=titles(self.scenario),
            hears_question=self.scenario.opens_with_question,
            description=about,
        )


class Desk:
    """One episode's recorders: a client or scorer for each agent that speaks or grades in it, on the shared clients."""

    def __init__(self, stage: Stage, lesson: LessonPlan, episode: EpisodePlan) -> None:
        self.stage = stage
        self.lesson = lesson
        self.episode = episode
        self._recorded = by_identity(stage.recorded(episode.id))
        self._numbers = call_numbers(self._recorded, episode.id)

    def chat(self, agent: str, model: str, purpose: Purpose) -> RecordedClient:
        """A client for `agent`, a name for the log, on `model` of the pool."""
        return RecordedClient(
            self.stage.clients.chat(model),
            self._site(agent, model, purpose),
            self.stage.sink,
            recorded=self._recorded,
            strict=self.stage.strict,
            numbers=self._numbers,
            allow=self.stage.clients.allow,
        )

    def scorer(self, agent: str, model: str) -> RecordedScorer:
        return RecordedScorer(
            self.stage.clients.scorer(model),
            self._site(agent, model, "score"),
            self.stage.sink,
            recorded=self._recorded,
            strict=self.stage.strict,
            numbers=self._numbers,
            allow=self.stage.clients.allow,
        )

    def _site(self, agent: str, model: str, purpose: Purpose) -> CallSite:
        spec = self.stage.pool.models[model]
        return CallSite(
            run_id=self.lesson.run_id,
            lesson_id=self.lesson.id,
            episode_id=self.episode.id,
            purpose=purpose,
            agent=agent,
            model=self.stage.clients.model(model),
            price=spec.price,
            tries=spec.limits.tries,
        )


def _sampling(spec: AgentSpec, key: tuple[object, ...]) -> Callable[[Cue], Mapping[str, Any]]:
    return lambda cue: spec.sampling(draw(*key, cue.phase, cue.attempt))
