"""Judges of known bias through the real evaluator agents: what asking in both orders removes, and what it does not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from autogen_core.models import ChatCompletionClient

from master_autogen.classroom.evaluation import compare
from master_autogen.classroom.stage import Desk, Stage
from master_autogen.grading.agreement import flip_rate, length_correlation
from master_autogen.grading.quality import Quality
from master_autogen.lesson import play_lesson
from master_autogen.models.providers import Clients
from master_autogen.models.scripted import ScriptedClient
from master_autogen.pool import AgentSpec, ModelSpec, Pool
from master_autogen.records import Call, Cast, CheckResult, Episode, EpisodeStatus, Pair, Turn
from tests.kit import plan, scripted_pool, stage

Taste = Callable[[str, str], str]
"""From the first and the second conversation to "first", "second" or "tie"."""

MARK = "Certainly!"
"""How one family of models is known to begin."""


def always_first(first: str, second: str) -> str:
    return "first"


def longer(first: str, second: str) -> str:
    return "tie" if len(first) == len(second) else "first" if len(first) > len(second) else "second"


def own_family(first: str, second: str) -> str:
    if (MARK in first) == (MARK in second):
        return "tie"
    return "first" if MARK in first else "second"


def fair(first: str, second: str) -> str:
    """Prefers the lesson that names the mistake, which no bias here is about."""
    named = "the mistake" in first, "the mistake" in second
    return "tie" if named[0] == named[1] else "first" if named[0] else "second"


def silent(first: str, second: str) -> str:
    return ""


def judging(taste: Taste) -> ScriptedClient:
    def answer(messages: list[dict[str, str]], args: dict[str, object]) -> str:
        first, second = re.findall(r"<<<\n(.*?)\n>>>", messages[1]["content"], re.DOTALL)
        better = taste(first, second)
        return json.dumps({"reason": "", "better": better}) if better else "I would rather not say."

    return ScriptedClient.of(answer)


class Judging(Clients):
    """The pool's clients, judges aside."""

    def __init__(self, pool: Pool, judges: Mapping[str, ChatCompletionClient]) -> None:
        super().__init__(pool, environ={})
        self._judges = judges

    def chat(self, name: str) -> ChatCompletionClient:
        return self._judges[name] if name in self._judges else super().chat(name)


def court(calls: list[Call], *tastes: Taste) -> Stage:
    """A stage whose judge, or panel of judges, has these tastes."""
    pool = scripted_pool()
    names = [f"{taste.__name__}_{i}" for i, taste in enumerate(tastes)]
    models = {name: ModelSpec(provider="scripted") for name in names}
    agents = {name: AgentSpec(model=name) for name in names}
    pool = pool.model_copy(
        update={
            "models": pool.models | models,
            "agents": pool.agents | agents,
            "judge": names if names[1:] else names[0],
        }
    )
    made = {name: judging(taste) for name, taste in zip(names, tastes, strict=True)}
    return replace(stage("error_correction", pool, calls=calls), clients=Judging(pool, made))


def episode(slot: int, text: str, *, right: bool | None = None, status: EpisodeStatus = "complete") -> Episode:
    cast = Cast(pair=Pair(instruction="t", response="s"), agents={}, origin="base" if slot == 0 else "selection")
    said = Turn(idx=0, phase="revise", role="student", agent="a", text=text, side="gpt", train=True)
    check = CheckResult(name="right_answer", turn_idx=0, passed=right, detail="says 3, expected 37")
    return Episode(id=f"x.{slot}", lesson_id="x", run_id="r", cast=cast, is_base=slot == 0, status=status, turns=(said,), checks=(check,))  # fmt: skip


async def verdict(candidate: Episode, base: Episode, *tastes: Taste, calls: list[Call] | None = None) -> Quality:
    at = court([] if calls is None else calls, *tastes)
    lesson = plan(at.scenario, at.pool)
    return await compare(Desk(at, lesson, lesson.episodes[1]), candidate, base)


LENGTHS = [(n, 40 - n) for n in (2, 5, 9, 12, 15, 18, 22, 25, 28, 31, 35, 38)]
"""Words of the candidate and of the base, in twelve pairs."""


async def twelve(taste: Taste) -> list[Quality]:
    return [await verdict(episode(1, "word " * ours), episode(0, "word " * theirs), taste) for ours, theirs in LENGTHS]


def orders(found: list[Quality]) -> float | None:
    return flip_rate([(q.ab, q.ba) for q in found if q.ab is not None and q.ba is not None])


async def test_a_judge_of_places_gives_no_win() -> None:
    found = await twelve(always_first)
    assert [q.pi_llm for q in found] == [0.5] * 12
    assert [(q.ab, q.ba) for q in found] == [("better", "worse")] * 12
    assert orders(found) == 1.0


async def test_a_judge_of_length_survives_the_swap_and_shows_in_the_correlation() -> None:
    found = await twelve(longer)
    assert [q.pi_llm for q in found] == [1.0 if ours > theirs else 0.0 for ours, theirs in LENGTHS]
    assert orders(found) == 0.0
    told = length_correlation([q.detail["longer_by"] for q in found], [q.pi_llm == 1.0 for q in found])
    assert told is not None
    assert told > 0.8
    # Each word has five characters; the title before it is the same on both sides.
    assert [q.detail["longer_by"] for q in found] == [5 * (ours - theirs) for ours, theirs in LENGTHS]


async def test_a_judge_of_its_own_family_survives_the_swap_and_two_others_outvote_it() -> None:
    candidate = episode(1, f"{MARK} Fourteen and twenty-three.")
    base = episode(0, "I see the mistake now: twenty-three has to be added.")
    alone = await verdict(candidate, base, own_family)
    assert (alone.ab, alone.ba, alone.pi_llm) == ("better", "better", 1.0)
    assert (await verdict(candidate, base, fair)).pi_llm == 0.0
    outvoted = await verdict(candidate, base, own_family, fair, fair)
    assert outvoted.pi_llm == 0.0
    assert [vote["pi_llm"] for vote in outvoted.detail["judges"]] == [1.0, 0.0, 0.0]


async def test_a_panel_abstains_where_it_cannot_be_read() -> None:
    calls: list[Call] = []
    candidate, base = episode(1, "I see the mistake now."), episode(0, "So.")
    found = await verdict(candidate, base, fair, silent, calls=calls)
    assert found.pi_llm == 1.0
    assert [vote.get("missing") for vote in found.detail["judges"]] == [None, "unreadable: no JSON object in the reply"]
    assert {c.agent for c in calls} == {"quality_judge/fair_0", "quality_judge/silent_1"}
    nobody = await verdict(candidate, base, silent, silent)
    assert (nobody.pi_llm, nobody.ab) == (None, None)
    assert nobody.missing == "; ".join(f"silent_{i}: unreadable: no JSON object in the reply" for i in range(2))


async def test_a_wrong_answer_is_worth_nothing_whatever_a_judge_would_say() -> None:
    calls: list[Call] = []
    found = await verdict(episode(1, "A long one. " * 9, right=False), episode(0, "So."), longer, calls=calls)
    assert (found.pi_llm, found.ab, found.ba) == (0.0, "worse", "worse")
    assert found.detail == {"settled": "the candidate's answer is wrong: says 3, expected 37"}
    assert not calls
    rejected = episode(0, "So.", status="rejected")
    assert (await verdict(episode(1, "No.", right=False), rejected, longer)).pi_llm == 0.0
    assert (await verdict(episode(1, "Yes.", right=True), rejected, longer)).pi_llm == 1.0


async def test_a_verifier_sees_who_is_wrong() -> None:
    at = stage("error_correction", scripted_pool(judge="verifier"), judge=False)
    lesson = plan(at.scenario, at.pool)
    desk = Desk(at, lesson, lesson.episodes[1])
    assert (await compare(desk, episode(1, "a"), episode(0, "b", right=False))).pi_llm == 1.0
    assert (await compare(desk, episode(1, "a", right=False), episode(0, "b", right=False))).pi_llm == 0.0
    assert (await compare(desk, episode(1, "a", right=True), episode(0, "b", right=True))).pi_llm == 0.5


async def test_a_panel_grades_a_whole_lesson_and_is_named() -> None:
    calls: list[Call] = []
    at = court(calls, always_first, longer, fair)
    lesson = await play_lesson(at, plan(at.scenario, at.pool, probabilities=[1.0, 0.0, 0.0, 0.0]))
    grade = lesson.grades[1]
    assert grade.evaluator == "always_first_0+longer_1+fair_2:pairwise/hasty+careful"
    assert [vote["judge"] for vote in grade.detail["judges"]] == ["always_first_0", "longer_1", "fair_2"]
    asked = [(c.agent, c.phase) for c in calls if c.purpose == "judge"]
    assert sorted(asked) == sorted(
        (f"quality_judge/{name}", order) for name in ("always_first_0", "longer_1", "fair_2") for order in ("ab", "ba")
    )
