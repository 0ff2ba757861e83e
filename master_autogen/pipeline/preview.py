"""What a run would ask and what that would come to, before anything is asked: the first lesson's prompts, and calls,
tokens, money and time for all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from master_autogen.casting import SimilarQuestions, draw_key, plan_lesson
from master_autogen.classroom.play import Play
from master_autogen.embedding import HashingEmbedder
from master_autogen.models.tokens import cost, estimate
from master_autogen.pipeline.inputs import Inputs, check_inputs, plays, similar_pool, sort_out, split_rounds
from master_autogen.records import LessonPlan, Seed
from master_autogen.scenario import Scenario
from master_autogen.selection import start

LOOKED_AT = 200
"""Seeds whose lengths stand for all."""
GUESSED_LATENCY_S = 2.0
"""A call where no log tells of one."""


class Prompt(NamedTuple):
    """What one speaker of the first lesson would be told in private."""

    phase: str
    role: str
    agent: str
    prompt: str
    ask: str


class Load(NamedTuple):
    """What one model would be asked, if no turn has to be asked again; `cost` in US dollars, None without a price."""

    calls: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None


class Preview(NamedTuple):
    """`lessons` in `rounds`; `prompts` of `first`'s base; `loads` by model; `seconds` where the lessons in flight and
    the endpoints' limits are all that calls wait for."""

    lessons: int
    rounds: int
    first: LessonPlan
    prompts: Sequence[Prompt]
    loads: Mapping[str, Load]
    seconds: float
    latency_known: bool


def preview(
    inputs: Inputs, *, concurrency: int = 16, latencies: Mapping[str, Sequence[float]] | None = None
) -> Preview:
    """Look ahead at a run; nothing is asked and nothing written. `latencies` are seconds of earlier calls, by model.

    A turn is taken to be as long as the seed's reference, or the agent's `max_tokens` if that is less.
    """
    check_inputs(inputs)
    playable, _ = sort_out(inputs)
    rounds = split_rounds(playable, inputs.rounds, inputs.seeds_per_round)
    seeds = [seed for batch in rounds for seed in batch]
    similar = SimilarQuestions(similar_pool(inputs), HashingEmbedder())
    plans = [plan for seed in seeds[:LOOKED_AT] for plan in _plans(inputs, similar, seed)]
    share = len(seeds) / min(len(seeds), LOOKED_AT)
    scenarios = {scenario.name: scenario for scenario in inputs.scenarios}
    counted = [Counted(inputs, scenarios[plan.scenario], plan) for plan in plans]
    loads = {model: _load(inputs, model, counted, share) for model in _models(inputs, counted)}
    known = latencies or {}
    return Preview(
        lessons=round(len(plans) * share),
        rounds=len(rounds),
        first=plans[0],
        prompts=_prompts(scenarios[plans[0].scenario], plans[0]),
        loads=loads,
        seconds=_seconds(inputs, counted, loads, share, concurrency, known),
        latency_known=bool(known) and all(known.get(_name(inputs, model)) for model in loads),
    )


def _plans(inputs: Inputs, similar: SimilarQuestions, seed: Seed) -> list[LessonPlan]:
    uniform = start(len(inputs.pool.pairs))
    made: list[LessonPlan] = []
    for scenario in inputs.scenarios:
        if plays(scenario, inputs.pool, seed, inputs.code_check) is not None:
            continue
        other = similar.draw(seed, draw_key(inputs.random_seed, scenario, 1, seed)) if scenario.similar else None
        if scenario.similar and other is None:
            continue
        made.append(
            plan_lesson(
                scenario,
                inputs.pool,
                seed,
                similar=other,
                probabilities=uniform,
                candidates=inputs.candidates_for(uniform),
                number=1,
                position=len(made),
                random_seed=inputs.random_seed,
                run_id="preview",
            )
        )
    return made


def _prompts(scenario: Scenario, plan: LessonPlan) -> list[Prompt]:
    play = Play(scenario, plan, plan.episodes[0])
    steps = [(phase, play.rendered(phase)) for phase in scenario.script]
    return [
        Prompt(phase.name, phase.role, plan.episodes[0].cast.agents[phase.role], prompt, ask)
        for phase, (prompt, ask) in steps
    ]


class Counted:
    """The calls of one lesson: how many, and how long, by model; `depth` is how many wait for one another."""

    def __init__(self, inputs: Inputs, scenario: Scenario, plan: LessonPlan) -> None:
        self.calls: Counter[str] = Counter()
        self.prompt: Counter[str] = Counter()
        self.completion: Counter[str] = Counter()
        pool, script = inputs.pool, scenario.script
        reference = estimate(plan.seed.response)
        transcript = 0
        for episode in plan.episodes:
            play = Play(scenario, plan, episode)
            said = estimate(plan.seed.instruction) if scenario.opens_with_question else 0
            for phase in script:
                agent = pool.agents[episode.cast.agents[phase.role]]
                prompt, ask = play.rendered(phase)
                spoken = min(reference, agent.max_tokens)
                self._add(agent.model, estimate(prompt) + estimate(ask) + said, spoken)
                said += estimate(play.opening(phase)) + spoken
                if phase.train:
                    for scorer in (pool.scorers.small, pool.scorers.large):
                        if scorer is not None:
                            for context in (said, 0):
                                self._add(scorer, context + spoken, 0)
            transcript = said
        if inputs.rubric is not None:
            for judge in pool.judges:
                for _ in range(2 * (len(plan.episodes) - 1)):  # both orders
                    shown = estimate(inputs.rubric.prompt + inputs.rubric.ask) + reference + 2 * transcript
                    self._add(pool.agents[judge].model, shown, 60)
        self.depth = len(script) + (len(plan.episodes) > 1 and inputs.rubric is not None)

    def _add(self, model: str, prompt: int, completion: int) -> None:
        self.calls[model] += 1
        self.prompt[model] += prompt
        self.completion[model] += completion


def _models(inputs: Inputs, counted: Sequence[Counted]) -> list[str]:
    return [model for model in inputs.pool.models if any(model in lesson.calls for lesson in counted)]


def _load(inputs: Inputs, model: str, counted: Sequence[Counted], share: float) -> Load:
    calls, prompt, completion = (
        round(share * sum(getattr(lesson, what)[model] for lesson in counted))
        for what in ("calls", "prompt", "completion")
    )
    return Load(calls, prompt, completion, cost(inputs.pool.models[model].price, prompt, completion))


def _seconds(
    inputs: Inputs,
    counted: Sequence[Counted],
    loads: Mapping[str, Load],
    share: float,
    concurrency: int,
    latencies: Mapping[str, Sequence[float]],
) -> float:
    """The longer of two: waiting for one another within lessons, and waiting for the busiest endpoint."""
    each = {model: median(latencies.get(_name(inputs, model)) or [GUESSED_LATENCY_S]) for model in loads}
    slowest = max(each.values())
    within = share * sum(lesson.depth for lesson in counted) * slowest / concurrency
    busiest = max(
        load.calls * each[model] / min(inputs.pool.models[model].limits.concurrency, concurrency * 4)
        for model, load in loads.items()
    )
    return max(within, busiest)


def _name(inputs: Inputs, model: str) -> str:
    """What the model is called in the log's calls."""
    return inputs.pool.models[model].model or model
