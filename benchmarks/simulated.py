"""Lessons without group chats, of the usual sizes: for benchmarks of all that a run does beside them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from master_autogen.classroom.stage import Stage
    from master_autogen.records import Call, Episode, EpisodePlan, Grade, Lesson, LessonPlan

TEXT = (
    "the garden wants water in the morning because the sun takes less of it then and roots follow it down to wet soil"
)
WORDS = TEXT.split()


def simulate(stop_after: int) -> None:
    """Lessons without group chats, until so many have ended; then the process asks itself to end, as Ctrl-C would; that
    signal is ignored by what a shell runs in the background."""
    from master_autogen.pipeline import playing

    left = stop_after

    async def play(stage: Stage, plan: LessonPlan, **_: Any) -> Lesson:
        nonlocal left
        await asyncio.sleep(0)
        left -= 1
        if left < 0:
            if left == -1:  # a second signal would end the process at once
                os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(3600)
        return played(plan, stage.sink)

    playing.play_lesson = play  # type: ignore[assignment]


PHASES = (("ask", "teacher"), ("answer", "slow_student"), ("correct", "teacher"), ("revise", "student"))


def played(plan: LessonPlan, sink: Callable[[Call], None]) -> Lesson:
    """A lesson as they are on the average: four turns of some sentences an episode, and a verdict in both orders."""
    from master_autogen.records import Lesson

    chance = random.Random(plan.id)
    episodes: list[Episode] = []
    grades: list[Grade] = []
    for slot, planned in enumerate(plan.episodes):
        episode, grade = conversation(plan, planned, slot, chance, sink)
        episodes.append(episode)
        grades.append(grade)
    best = max(zip(grades, episodes, strict=True), key=lambda pair: pair[0].pi or 0.0)[1]
    return Lesson(
        plan=plan,
        status="accepted",
        selected_episode_id=best.id,
        episodes=tuple(episodes),
        grades=tuple(grades),
    )


def conversation(
    plan: LessonPlan, planned: EpisodePlan, slot: int, chance: random.Random, sink: Callable[[Call], None]
) -> tuple[Episode, Grade]:
    from master_autogen.records import CheckResult, Episode, Grade, Turn

    said: list[str] = []
    turns, checks = [], []
    for idx, (phase, role) in enumerate(PHASES):
        sink(call(plan, planned, idx, said, text := " ".join(chance.choices(WORDS, k=60)), phase=phase))
        side, train = ("human", False) if idx % 2 == 0 else ("gpt", idx == 3)
        agent = planned.cast.agents.get(role, "teacher_one")
        turns.append(Turn(idx=idx, phase=phase, role=role, agent=agent, text=text, side=side, train=train))
        checks += [
            CheckResult(name=name, turn_idx=idx, passed=True) for name in ("not_empty", "complete", "one_speaker")
        ]
        said.append(text)
    good = {"student_careful": 0.8}.get(planned.cast.pair.response, 0.3)
    verdicts = [chance.random() < good for _ in range(2)] if slot else []
    for seq, verdict in enumerate(verdicts):
        sink(call(plan, planned, 4 + seq, said, f'{{"better": "{verdict}"}}', purpose="judge"))
    small, large = 0.6 + 0.2 * chance.random(), 0.5 + 0.2 * chance.random()
    pi = sum(verdicts) / 2 if slot else None
    turn = {"tokens": 60, "bytes": 300, "ifd": small, "context_gain": 0.8}
    detail = {"small": {"model": "small", "turns": [turn]}, "large": {"model": "large", "turns": [turn]}}
    grade = Grade(
        episode_id=planned.id,
        evaluator="judge:pairwise/small+large",
        ifd_small=small,
        ifd_large=large,
        pi_llm=pi,
        pi=pi,
        basis="dual",
        missing_reason=None if slot else "is_base",
        detail=detail | {"unit": "token", "scale": "lesson"},
    )
    episode = Episode(
        id=planned.id,
        lesson_id=plan.id,
        run_id=plan.run_id,
        cast=planned.cast,
        is_base=slot == 0,
        status="complete",
        turns=tuple(turns),
        checks=tuple(checks),
    )
    return episode, grade


PROMPT = " ".join(WORDS * 6)  # as long as a phase's prompt


def call(
    plan: LessonPlan,
    planned: EpisodePlan,
    seq: int,
    said: list[str],
    text: str,
    *,
    phase: str = "grade",
    purpose: str = "turn",
) -> Call:
    from master_autogen.records import Call

    digest = hashlib.sha256(f"{planned.id} {seq}".encode()).hexdigest()
    texts = [plan.seed.instruction, *said]
    messages = [{"role": "system", "content": PROMPT}, *({"role": "user", "content": one} for one in texts)]
    sampling = {"temperature": 0.8, "max_tokens": 1024, "seed": seq}
    return Call.model_construct(
        id=digest[:16],
        run_id=plan.run_id,
        lesson_id=plan.id,
        episode_id=planned.id,
        seq=seq,
        purpose=purpose,
        phase=phase,
        agent=planned.cast.pair.response,
        model="simulated",
        turn=seq,
        attempt=1,
        tries=1,
        request_key=digest,
        request={"messages": messages, "model": "simulated", "sampling": sampling, "schema": None},
        status="ok",
        text=text,
        finish_reason="stop",
        prompt_tokens=200,
        completion_tokens=60,
        cost=0.0001,
        latency_s=0.5,
        started=time.time(),
    )


# --- seeds ---


def questions(number: int, key: str) -> Iterator[dict[str, str]]:
    """So many different sums in words, each with its solution."""
    chance = random.Random(key)
    things = [f"{chance.choice(WORDS)}{i}s" for i in range(200)]
    for i in range(number):
        a, b, what, whom = 11 + i % 89, 13 + i // 89, chance.choice(things), f"{key.upper()}{i % 977}"
        about = " ".join(chance.choices(WORDS, k=25))
        yield {
            "question": f"{whom} has {a} {what} and gets {b} more of them, while {about}. How many {what} are there?",
            "answer": f"{whom} has {a} and gets {b}, so {a} + {b} = {a + b}. The answer is {a + b}.",
        }


def write_seeds(path: Path, number: int, key: str) -> None:
    with path.open("w") as file:
        for one in questions(number, key):
            file.write(json.dumps({"instruction": one["question"], "response": one["answer"], "kind": "math"}) + "\n")


def plans(run_id: str, scenario_name: str, number: int) -> list[LessonPlan]:
    from master_autogen.casting import plan_lesson
    from master_autogen.pool import read_pool
    from master_autogen.records import Seed
    from master_autogen.scenario import read_scenario

    pool, scenario = read_pool("scripted", {}), read_scenario(scenario_name)
    seeds = [Seed(instruction=q["question"], response=q["answer"], kind="math") for q in questions(number, "c")]
    return [plan_lesson(scenario, pool, seed, candidates=2, run_id=run_id) for seed in seeds]
