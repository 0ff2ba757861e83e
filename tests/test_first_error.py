"""The first answer of a correction is verifiably wrong, or the lesson is a confirmation, or there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_core.models import ChatCompletionClient, SystemMessage

from master_autogen.checks import verify
from master_autogen.classroom import first_error
from master_autogen.classroom.episode import build_team, play_episode
from master_autogen.classroom.play import Heard, Play
from master_autogen.classroom.team import RuntimeName, question
from master_autogen.models.providers import build_clients
from master_autogen.models.scripted import ScriptedClient
from master_autogen.pipeline.inputs import plays
from master_autogen.pool import Pool, read_pool
from master_autogen.records import CodeCheck, Seed
from master_autogen.scenario import Scenario, read_scenario
from master_autogen.wording import Planted
from tests.kit import APPLES, ESSAY, plan, scripted_pool, stage

RIGHT, WRONG, UNREAD = "It is 14 + 23 = 37. The answer is 37.", "The answer is 12.", "I would ask somebody."
POSE, HINT = "Begin with what is there.", "Think about what happens when more apples come."
# No equation, so no rule has anything to go wrong in.
RIDDLE = Seed(
    instruction=APPLES.instruction,
    response="Counting on from 14, she comes to thirty-seven. The answer is 37.",
    answer="37",
    kind="math",
)


def correction(*, share: float | None = None, **of_err: Any) -> Scenario:
    """The shipped scenario, with another share of confirmations or another phase `err`."""
    shipped = read_scenario("error_correction")
    changed = [p.model_copy(update=of_err) if p.name == "err" else p for p in shipped.script]
    kept = shipped.confirmations if share is None else share
    return shipped.model_copy(update={"phases": changed, "confirmations": kept})


def played(
    scenario: Scenario, said: Sequence[str], seed: Seed = APPLES, *, code_check: CodeCheck = "off"
) -> tuple[Play, list[str]]:
    """A play after the teacher's opening and these texts, and the texts that were said instead of a speaker."""
    lesson = plan(scenario, scripted_pool(), seed=seed)
    play = Play(scenario, lesson, lesson.episodes[0], code_check=code_check)
    planted = []
    for n, text in enumerate((POSE, *said)):
        play.hear(Heard(str(n), text, {"made_by": "model"}))
        if play.instead is not None:
            planted.append(play.instead.text)
            play.hear(play.instead)
    return play, planted


def test_a_right_first_answer_is_asked_again_until_it_is_wrong() -> None:
    play, planted = played(correction(), [RIGHT, RIGHT, RIGHT, WRONG])
    assert (play.turns[1].text, play.turns[1].attempts, play.turns[1].made_by) == (WRONG, 4, "model")
    assert (play.label, play.withdrawn, planted) == ("correction", ["1", "2", "3"], [])


@pytest.mark.parametrize("last", [RIGHT, UNREAD])
def test_then_a_planted_mistake_stands_in_its_place(last: str) -> None:
    play, planted = played(correction(), [RIGHT, UNREAD, RIGHT, last])
    turn = play.turns[1]
    assert [turn.text] == planted
    assert verify(turn.text, APPLES) is False
    assert (turn.attempts, turn.made_by, turn.notes["planted"]) == (5, "template", "yes")
    assert turn.notes["misconception"]
    assert (play.label, play.withdrawn, play.over) == ("correction", ["1", "2", "3", "4"], None)
    [found] = [c for c in play.checks if (c.name, c.turn_idx, c.attempt) == ("wrong_answer", 1, 5)]
    assert found.passed is True


def test_the_same_mistake_is_planted_in_every_playing_and_others_by_the_random_seed() -> None:
    texts = []
    for random_seed in (0, 0, 1, 2, 3, 4):
        scenario = correction()
        lesson = plan(scenario, scripted_pool(), random_seed=random_seed)
        play = Play(scenario, lesson, lesson.episodes[0])
        for n, text in enumerate((POSE, *[RIGHT] * 4)):
            play.hear(Heard(str(n), text, {}))
        assert play.instead is not None
        texts.append(play.instead.text)
    assert texts[0] == texts[1]
    assert len(set(texts)) > 1


def test_a_phase_may_name_the_misconceptions_to_plant() -> None:
    for misconception in ("misread", "used_twice"):
        play, _ = played(correction(misconceptions=[misconception]), [RIGHT] * 4)
        assert play.turns[1].notes["misconception"] == misconception
    play, planted = played(correction(misconceptions=["percent"], share=0.0), [RIGHT] * 4)  # there are none in it
    assert (planted, play.over) == ([], "err: wrong_answer: says 37, which is right; no mistake could be planted; "
                                        "it is not among the 0% that are kept as confirmations")  # fmt: skip


def test_a_planted_mistake_that_is_none_rejects(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_error, "plant", lambda *a, **k: Planted(text=RIGHT, misconception="slip", notes={}))
    play, planted = played(correction(share=1.0), [RIGHT] * 4)
    assert planted == [RIGHT]
    assert play.over == "err: wrong_answer: says 37, which is right"
    assert play.label is None


def test_where_none_fits_the_lesson_becomes_a_confirmation() -> None:
    play, planted = played(correction(share=1.0), [RIGHT] * 4, RIDDLE)
    assert (play.label, play.over, planted) == ("confirmation", None, [])
    assert (play.turns[1].text, play.turns[1].attempts) == (RIGHT, 4)
    correct = play.step()
    assert "the answer is right" in correct.prompt
    assert "needs work" not in correct.prompt
    # What the student has said himself is no leak; a new calculation still is one too many.
    play.hear(Heard("5", "Your 37 holds. How would you check it?", {}))
    revise = play.step()
    assert "You had\nmade no mistake, so admit none." in revise.prompt
    play.hear(Heard("6", "Backwards: 37 - 23 = 14, which is what she had. The answer is 37.", {}))
    assert play.over == "complete"


def test_in_a_correction_the_prompts_speak_of_a_mistake() -> None:
    play, _ = played(correction(), [WRONG])
    assert "the answer needs work" in play.step().prompt
    assert "the answer is right" not in play.step().prompt


@pytest.mark.parametrize(
    ("if_right", "share", "last", "reason"),
    [
        ("plant", 0.0, RIGHT, "err: wrong_answer: says 37, which is right; no mistake could be planted; "
                              "it is not among the 0% that are kept as confirmations"),
        ("plant", 1.0, UNREAD, "err: wrong_answer: could not tell: no final answer found; no mistake could be planted"),
        ("plant", 1.0, f"{RIGHT} Because", "err: complete: ends in mid-sentence: 'answer is 37. Because'"
                                           "; no mistake could be planted"),
        ("confirm", 0.0, RIGHT, "err: wrong_answer: says 37, which is right; "
                                "it is not among the 0% that are kept as confirmations"),
        ("reject", 1.0, RIGHT, "err: wrong_answer: says 37, which is right"),
    ],
)  # fmt: skip
def test_what_can_be_neither_ends_with_its_reason(if_right: str, share: float, last: str, reason: str) -> None:
    play, planted = played(correction(share=share, if_right=if_right), [last] * 4, RIDDLE)
    assert (play.over, play.label, planted) == (reason, None, [])


def test_a_scenario_may_want_confirmations_alone() -> None:
    play, planted = played(correction(share=1.0, if_right="confirm"), [RIGHT] * 4)
    assert (play.label, planted) == ("confirmation", [])


def test_another_fault_than_a_right_answer_is_no_reason_to_plant() -> None:
    play, planted = played(correction(), ["The answer is 12, because"] * 4)
    assert play.over == "err: complete: ends in mid-sentence: 'answer is 12, because'"
    assert planted == []


def test_the_share_of_confirmations_is_kept_by_the_hash_of_the_seed() -> None:
    def kept(share: float) -> set[int]:
        seeds = [
            Seed(instruction=f"({n}) {RIDDLE.instruction}", response="37", answer="37", kind="math") for n in range(200)
        ]
        return {n for n, seed in enumerate(seeds) if played(correction(share=share), [RIGHT] * 4, seed)[0].label}

    few, some = kept(0.15), kept(0.5)
    assert 15 <= len(few) <= 45  # 30 expected, standard deviation 5
    assert few < some


@pytest.mark.parametrize("kind", ["general", "code"])
def test_what_cannot_be_checked_goes_on_without_a_label(kind: str) -> None:
    seed = ESSAY.model_copy(update={"kind": kind, "answer": "assert f(1) == 2" if kind == "code" else None})
    play, _ = played(
        correction(), ["I would write it like this.", "Say more about the reader.", "So, once more."], seed
    )
    assert (play.over, play.label) == ("complete", None)


def test_with_the_code_check_a_program_has_to_be_told_wrong_too() -> None:
    seed = ESSAY.model_copy(update={"kind": "code", "answer": "assert f(1) == 2"})
    play, _ = played(correction(), ["I would ask somebody."] * 4, seed, code_check="rlimit")
    assert play.over is not None
    assert play.over.startswith("err: wrong_answer: ")


def test_a_last_answer_that_cannot_be_read_rejects_like_a_wrong_one() -> None:
    play, _ = played(correction(), [WRONG, HINT, "I see.", "I see it now.", "I see it all now."])
    assert play.over == "revise: right_answer: could not tell: no final answer found"
    assert play.turns[-1].attempts == 3


def client_that_says(first: str) -> ScriptedClient:
    """All roles in one: the first answer is always `first`, and the reviser solves it."""

    def answer(messages: list[dict[str, str]], args: dict[str, Any]) -> str:
        asked = messages[0]["content"] if "A question" not in messages[-1]["content"] else messages[-1]["content"]
        if "still learning this" in asked:
            return first
        if "You are the student" in asked:
            return f"I see. {APPLES.response}"
        return POSE if "has just been put" in asked else HINT

    return ScriptedClient.of(answer)


@pytest.mark.parametrize("runtime", ["own", "autogen"])
async def test_everybody_hears_the_planted_mistake_and_nobody_what_it_replaces(
    runtime: RuntimeName, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_that_says(RIGHT)
    monkeypatch.setattr("master_autogen.models.providers.Clients.chat", lambda self, name: client)
    at = stage("error_correction", judge=False, runtime=runtime)
    lesson = plan(at.scenario, at.pool)
    team = build_team(at, lesson, lesson.episodes[0])
    result = await team.run(task=question(team.play))
    turns = team.play.turns
    assert team.play.over == "complete"
    assert len(client.requests) == 7  # the planted mistake is nobody's call
    correct, revise = (client.requests[n].messages for n in (5, 6))
    assert correct[-1]["content"] == turns[1].text
    assert [m["content"] for m in revise if m["role"] == "assistant"] == [turns[1].text]
    assert all(RIGHT not in m["content"] for m in (*correct, *revise))
    spoken = [m.to_text() for m in result.messages if m.source == "slow_student"]  # type: ignore[union-attr]
    assert spoken == [RIGHT] * 4 + [turns[1].text]


async def test_an_agent_of_a_users_own_is_replaced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_that_says(RIGHT)
    monkeypatch.setattr("master_autogen.models.providers.Clients.chat", lambda self, name: client)

    def guest(role: str, client: ChatCompletionClient) -> AssistantAgent:
        return AssistantAgent(role, model_client=client, system_message="You are still learning this.")

    at = stage("error_correction", judge=False, guests={"slow_student": guest})
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert (episode.status, episode.label) == ("complete", "correction")
    assert (episode.turns[1].made_by, verify(episode.turns[1].text, APPLES)) == ("template", False)
    assert all(RIGHT not in m["content"] for seen in client.requests[-2:] for m in seen.messages)


async def test_an_agent_of_a_users_own_does_not_hear_what_was_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_that_says(RIGHT)
    monkeypatch.setattr("master_autogen.models.providers.Clients.chat", lambda self, name: client)

    def guest(role: str, client: ChatCompletionClient) -> AssistantAgent:
        return AssistantAgent(role, model_client=client, system_message="You are a teacher.")

    at = stage("error_correction", judge=False, guests={"teacher": guest})
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert (episode.status, episode.turns[1].made_by) == ("complete", "template")
    correct = [m["content"] for m in client.requests[5].messages]
    assert correct[0] == "You are a teacher."
    assert any(episode.turns[1].text in text for text in correct)
    assert all(RIGHT not in text for text in correct)


def worded_pool(*names: str) -> Pool:
    """The scripted pool, with these agents worded: code lays down what they say."""
    pool = scripted_pool()
    worded = {name: pool.agents[name].model_copy(update={"worded": True}) for name in names}
    return pool.model_copy(update={"agents": {**pool.agents, **worded}})


@pytest.mark.parametrize("misconception", ["misread", "used_twice"])
async def test_a_worded_student_makes_the_mistakes_that_the_phase_names(
    misconception: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_that_says(RIGHT)
    monkeypatch.setattr("master_autogen.models.providers.Clients.chat", lambda self, name: client)
    at = stage(correction(misconceptions=[misconception]), worded_pool("student_hasty"), judge=False)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert (episode.status, episode.turns[1].attempts) == ("complete", 1)
    assert episode.turns[1].notes["misconception"] == misconception


async def test_a_worded_teacher_answers_the_planted_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_that_says(RIGHT)
    monkeypatch.setattr("master_autogen.models.providers.Clients.chat", lambda self, name: client)
    at = stage("error_correction", worded_pool("teacher_one"), judge=False)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert (episode.status, episode.turns[1].made_by) == ("complete", "template")
    assert episode.turns[2].notes["misconception"] == episode.turns[1].notes["misconception"] != "other"


def test_a_seed_that_fits_none_of_the_misconceptions_is_not_played_by_worded_agents() -> None:
    pool = read_pool("local", {})
    assert plays(correction(misconceptions=["misread", "percent"]), pool, APPLES) is None
    why = plays(correction(misconceptions=["percent"]), pool, APPLES)
    assert why == "none of the misconceptions percent fits the worked solution"


@pytest.mark.parametrize(("model", "last"), [("careful", True), ("hasty", False)])
async def test_the_scripted_pool_has_something_to_say_in_a_confirmation(model: str, last: bool) -> None:
    client = build_clients(scripted_pool(), environ={}).chat(model)
    play, _ = played(correction(share=1.0), [RIGHT] * 4, RIDDLE)
    while play.over is None and len(play.turns) < 4:
        step = play.step()
        said = await client.create([SystemMessage(content=step.prompt)], extra_create_args={"seed": step.attempt})
        play.hear(Heard(f"{step.turn}.{step.attempt}", str(said.content), {}))
    assert [turn.phase for turn in play.turns] == ["pose", "err", "correct", "revise"]
    assert verify(play.turns[-1].text, RIDDLE) is last


async def test_the_label_comes_with_the_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_that_says(RIGHT)
    monkeypatch.setattr("master_autogen.models.providers.Clients.chat", lambda self, name: client)
    at = stage(correction(share=1.0), judge=False)
    lesson = plan(at.scenario, at.pool, seed=RIDDLE)
    episodes = await asyncio.gather(*(play_episode(at, lesson, e) for e in lesson.episodes))
    assert {(e.status, e.label) for e in episodes} == {("complete", "confirmation")}
