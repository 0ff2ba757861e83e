"""The group chat of every shipped scenario: routed by the manager, private facts private, faults as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent, BaseChatAgent
from autogen_agentchat.base import Response, TaskResult
from autogen_agentchat.messages import BaseChatMessage, TextMessage
from autogen_agentchat.teams import BaseGroupChat
from autogen_core import CancellationToken
from autogen_core.models import ChatCompletionClient, CreateResult, RequestUsage

from master_autogen.classroom.cue import Cue, is_opening
from master_autogen.classroom.episode import build_team, play_episode
from master_autogen.classroom.play import Heard, Play
from master_autogen.classroom.team import Director, RuntimeName, question
from master_autogen.errors import CallError, UserError
from master_autogen.models.scripted import ScriptedClient
from master_autogen.prompts import TemplateFault
from master_autogen.records import Act, Call, Seed
from master_autogen.scenario import read_scenario
from master_autogen.wording import Facts, script
from master_autogen.yaml_files import names
from tests.kit import APPLES, ESSAY, PEARS, plan, scripted_pool, stage

SCENARIOS = names("")


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_every_turn_is_routed_by_the_manager_of_a_group_chat(
    scenario: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    routed: list[str] = []
    select = Director.select_speaker

    async def spy(self: Director, thread: Sequence[Any]) -> str:
        speaker = await select(self, thread)
        routed.append(speaker)
        return speaker

    monkeypatch.setattr(Director, "select_speaker", spy)
    at = stage(scenario)
    lesson = plan(at.scenario, at.pool)
    team = build_team(at, lesson, lesson.episodes[0])
    assert isinstance(team, BaseGroupChat)
    result = await team.run(task=question(team.play))
    heard = [m for m in result.messages if isinstance(m, BaseChatMessage) and m.source != "user"]
    said = [m.source for m in heard if not is_opening(m)]
    assert routed == said == [role for turn in team.play.turns for role in [turn.role] * turn.attempts]
    assert [turn.phase for turn in team.play.turns] == [phase.name for phase in at.scenario.script]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("slot", [0, 1, 2])
async def test_both_runtimes_play_the_same_transcript(scenario: str, slot: int) -> None:
    played = []
    for runtime in ("own", "autogen"):
        at = stage(scenario, runtime=runtime)  # type: ignore[arg-type]
        lesson = plan(at.scenario, at.pool, candidates=2)
        played.append(await play_episode(at, lesson, lesson.episodes[slot]))
    assert played[0] == played[1]
    assert played[0].turns


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_references_reach_only_the_phases_that_are_granted_them(scenario: str) -> None:
    """The canary: words that stand in the references alone, looked for in every recorded request."""
    canary = {
        "reference": APPLES.model_copy(update={"response": f"Quetzal. {APPLES.response}"}),
        "similar_reference": PEARS.model_copy(update={"response": f"Okapi. {PEARS.response}"}),
    }
    if scenario == "rewriting":
        canary["reference"] = ESSAY.model_copy(update={"response": f"Quetzal. {ESSAY.response}"})
    calls: list[Call] = []
    at = stage(scenario, calls=calls)
    lesson = plan(at.scenario, at.pool, seed=canary["reference"]).model_copy(
        update={"similar": canary["similar_reference"] if at.scenario.similar else None}
    )
    for episode in lesson.episodes:
        await play_episode(at, lesson, episode)
    granted = {phase.name: phase.sees for phase in at.scenario.script}
    seen: set[tuple[str, str]] = set()
    for call in calls:
        # What the student has said out loud in an earlier turn is public; the system prompt and ask are what is granted.
        first, *_ = call.request["messages"]
        for fact, word in (("reference", "Quetzal"), ("similar_reference", "Okapi")):
            if word in first["content"]:
                assert fact in granted[call.phase], (call.phase, fact)
                seen.add((call.phase, fact))
            if not any(fact in granted[phase.name] for phase in _until(at.scenario.script, call.phase)):
                assert all(word not in message["content"] for message in call.request["messages"])
    wanted = {(name, fact) for name, sees in granted.items() for fact in sees if fact in canary}
    assert seen == wanted


def _until(script: Sequence[Any], name: str) -> list[Any]:
    """The phases up to and with this one: what a later turn says in public may hold what they were granted."""
    return list(script[: [phase.name for phase in script].index(name) + 1])


async def test_each_role_has_its_own_prompt_model_and_sampling() -> None:
    calls: list[Call] = []
    pool = scripted_pool()
    pool = pool.model_copy(update={"fixed": {**pool.fixed, "slow_student": "student_hasty"}})
    at = stage("error_correction", pool, calls=calls)
    lesson = plan(at.scenario, pool)
    await play_episode(at, lesson, lesson.episodes[0])
    shown = {c.phase: (c.agent, c.model, c.request["sampling"]["temperature"]) for c in calls}
    assert shown == {
        "pose": ("teacher_one", "scripted-careful", 0.2),
        "err": ("student_hasty", "scripted-hasty", 0.8),
        "correct": ("teacher_one", "scripted-careful", 0.2),
        "revise": ("student_careful", "scripted-careful", 0.2),
    }
    prompts = {c.phase: c.request["messages"][0]["content"] for c in calls}
    assert len(set(prompts.values())) == 4
    seeds = [c.request["sampling"]["seed"] for c in calls]
    assert len(set(seeds)) == len(seeds)


async def test_the_reviser_takes_the_first_answer_for_its_own() -> None:
    calls: list[Call] = []
    at = stage("error_correction", calls=calls)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    [revise] = [c for c in calls if c.phase == "revise"]
    pose, err, correct, _ = (turn.text for turn in episode.turns)
    assert [(m["role"], m["content"]) for m in revise.request["messages"][1:]] == [
        ("user", f"{APPLES.instruction}\n\n{pose}"),
        ("assistant", err),
        ("user", correct),
    ]


async def test_a_debate_tells_its_speakers_apart() -> None:
    calls: list[Call] = []
    at = stage("debate", calls=calls)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    [conclude] = [c for c in calls if c.phase == "conclude"]
    a, b, _ = (turn.text for turn in episode.turns)
    assert conclude.request["messages"][1]["content"] == (f"{APPLES.instruction}\n\nStudent A: {a}\n\nStudent B: {b}")


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("runtime", ["own", "autogen"])
async def test_what_is_logged_of_a_turn_is_what_the_others_have_read(scenario: str, runtime: RuntimeName) -> None:
    calls: list[Call] = []
    at = stage(scenario, calls=calls, runtime=runtime)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    requests = {c.phase: [m["content"] for m in c.request["messages"][1:]] for c in calls if c.purpose == "turn"}
    for turn in episode.turns[1:]:
        read = "\n\n".join(requests[turn.phase])
        before = [earlier.text for earlier in episode.turns[: turn.idx]]
        assert [text for text in before if text not in read] == []
        assert lesson.seed.instruction in read or not at.scenario.opens_with_question


async def test_an_opening_question_is_said_once_and_not_to_its_speaker(monkeypatch: pytest.MonkeyPatch) -> None:
    tell, hint = "Here you get 31 + 28 = 59.", "It works as the first one did."
    replies = ["Begin with what is there.", APPLES.response, tell, hint, f"It is alike. {PEARS.response}"]
    client = ScriptedClient.of(replies)
    _pool_of(client, monkeypatch)
    at = stage("analogical_reasoning", judge=False)
    lesson = plan(at.scenario, at.pool)
    assert lesson.similar == PEARS
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert [turn.attempts for turn in episode.turns] == [1, 1, 2, 1]
    public = [[(m["role"], m["content"]) for m in seen.messages[1:]] for seen in client.requests]
    opened = ("user", f"{APPLES.instruction}\n\nBegin with what is there.")
    assert public[4] == [opened, ("assistant", APPLES.response), ("user", f"{PEARS.instruction}\n\n{hint}")]
    # Asked and asked again, the teacher has not said it yet.
    taught = [("user", APPLES.instruction), ("assistant", "Begin with what is there."), ("user", APPLES.response)]
    assert public[2] == public[3] == taught


async def test_a_worded_agent_takes_an_opening_question_for_no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    known: list[Facts] = []

    def spy(act: Act, facts: Facts, *rest: Any) -> Any:
        known.append(facts)
        return script(act, facts, *rest)

    monkeypatch.setattr("master_autogen.classroom.worded.script", spy)
    _pool_of(ScriptedClient.of(lambda messages, args: "Nothing that a grammar allows"), monkeypatch)
    pool = scripted_pool()
    worded = {name: agent.model_copy(update={"worded": True}) for name, agent in pool.agents.items()}
    at = stage("analogical_reasoning", pool.model_copy(update={"agents": worded}), judge=False)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    said = [(turn.role, turn.text.removeprefix(f"{PEARS.instruction}\n\n")) for turn in episode.turns]
    assert [[(s.role, s.text) for s in facts.said] for facts in known] == [said[:n] for n in range(4)]


def _pool_of(client: ScriptedClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every model of a pool be this one client."""
    monkeypatch.setattr("master_autogen.models.providers.Clients.chat", lambda self, name: client)


async def test_what_is_asked_again_is_forgotten_by_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    leak, hint = "It is 37, of course.", "Think about what happens when more apples come."
    replies = ["Begin with what is there.", "The answer is 12.", leak, hint, f"I see. {APPLES.response}"]
    client = ScriptedClient.of(replies)
    _pool_of(client, monkeypatch)
    at = stage("error_correction", judge=False)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert episode.status == "complete", episode.reason
    assert [turn.attempts for turn in episode.turns] == [1, 1, 2, 1]
    assert episode.turns[2].text == hint
    assert all(leak not in message["content"] for seen in client.requests for message in seen.messages)
    failed = [(c.name, c.turn_idx, c.attempt) for c in episode.checks if c.passed is False]
    assert ("no_leak", 2, 1) in failed
    assert all(c.attempt == 1 and c.turn_idx == 2 for c in episode.checks if c.passed is False)


async def test_a_turn_that_fails_to_the_end_rejects_the_episode(monkeypatch: pytest.MonkeyPatch) -> None:
    client = ScriptedClient.of(["Begin with what is there.", "The answer is 12.", *["It is 37, of course."] * 3])
    _pool_of(client, monkeypatch)
    at = stage("error_correction", judge=False)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert (episode.status, len(client.requests)) == ("rejected", 5)
    assert episode.reason == "correct: no_leak: gives the answer away: 37"
    assert [turn.attempts for turn in episode.turns] == [1, 1, 3]


async def test_what_a_reasoning_model_thinks_is_kept_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    usage = RequestUsage(prompt_tokens=1, completion_tokens=1)

    def answer(messages: list[dict[str, str]], args: dict[str, Any]) -> CreateResult:
        said = {"pose": "Begin with what is there.", "err": "The answer is 12."}
        phase = "pose" if "has just been put" in messages[0]["content"] else "err"
        return CreateResult(
            finish_reason="stop", content=said[phase], usage=usage, cached=False, thought=f"secret {phase}"
        )

    client = ScriptedClient.of(answer)
    _pool_of(client, monkeypatch)
    at = stage("error_correction", judge=False)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert [turn.thought for turn in episode.turns[:2]] == ["secret pose", "secret err"]
    assert all("secret" not in m["content"] for seen in client.requests for m in seen.messages)


class Faulty(BaseChatAgent):
    """An agent of a user's own that goes wrong when it has to speak."""

    def __init__(self, name: str, fault: BaseException) -> None:
        super().__init__(name, "goes wrong")
        self._fault = fault

    @property
    def produced_message_types(self) -> Sequence[type[BaseChatMessage]]:
        return (TextMessage,)

    async def on_messages(self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken) -> Response:
        raise self._fault

    async def on_reset(self, cancellation_token: CancellationToken) -> None: ...


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (CallError("request", "no such model"), "request: no such model"),
        (KeyError("mine"), "KeyError: 'mine'"),
        # Without care a team whose speaker is cancelled from within waits for ever.
        (asyncio.CancelledError(), "RuntimeError: a speaker was cancelled from within"),
    ],
)
async def test_a_fault_fails_the_episode_with_its_reason_and_leaves_nothing_running(
    fault: BaseException, reason: str
) -> None:
    at = stage("error_correction", judge=False, guests={"slow_student": lambda role, client: Faulty(role, fault)})
    lesson = plan(at.scenario, at.pool)
    before = asyncio.all_tasks()
    async with asyncio.timeout(10):
        episode = await play_episode(at, lesson, lesson.episodes[0])
    assert (episode.status, episode.reason) == ("failed", reason)
    assert [turn.phase for turn in episode.turns] == ["pose"]
    assert asyncio.all_tasks() == before


async def test_a_message_for_the_user_ends_the_run_instead() -> None:
    at = stage("debate", guests={"student_a": lambda role, client: Faulty(role, UserError("no key"))})
    lesson = plan(at.scenario, at.pool)
    with pytest.raises(UserError, match=r"^no key$"):
        await play_episode(at, lesson, lesson.episodes[0])


async def test_cancelling_an_episode_stops_it_at_once_and_leaves_nothing_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = asyncio.Event()

    async def answer(messages: list[dict[str, str]], args: dict[str, Any]) -> str:
        asked.set()
        await asyncio.sleep(3600)
        return "never"

    _pool_of(ScriptedClient.of(answer), monkeypatch)
    at = stage("error_correction", judge=False)
    lesson = plan(at.scenario, at.pool)
    before = asyncio.all_tasks()
    task = asyncio.create_task(play_episode(at, lesson, lesson.episodes[0]))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(10):
            await task
    assert asyncio.all_tasks() == before


async def test_a_plain_assistant_agent_can_be_cast() -> None:
    calls: list[Call] = []

    def guest(role: str, client: ChatCompletionClient) -> AssistantAgent:
        return AssistantAgent(role, model_client=client, system_message="You are a teacher.")

    at = stage("error_correction", calls=calls, guests={"teacher": guest})
    lesson = plan(at.scenario, at.pool)
    team = build_team(at, lesson, lesson.episodes[0])
    streamed = [message async for message in team.run_stream(task=question(team.play))]
    assert isinstance(streamed[-1], TaskResult)
    assert streamed[-1].stop_reason == "complete"
    assert [turn.role for turn in team.play.turns] == ["teacher", "slow_student", "teacher", "student"]
    # The guest was cued in private too: its request holds the phase's prompt, its calls have their rows.
    [pose] = [c for c in calls if c.phase == "pose"]
    assert "You are a teacher." in pose.request["messages"][0]["content"]
    assert "A question has just been put" in pose.request["messages"][-1]["content"]
    assert not any(isinstance(m, TextMessage) and m.source == "director" for m in streamed)


async def test_a_cue_is_heard_by_its_speaker_alone() -> None:
    heard: dict[str, list[BaseChatMessage]] = {}

    class Ear(Faulty):
        async def on_messages(
            self, messages: Sequence[BaseChatMessage], cancellation_token: CancellationToken
        ) -> Response:
            heard.setdefault(self.name, []).extend(messages)
            return Response(chat_message=TextMessage(content=f"{self.name} speaks here.", source=self.name))

    def guest(role: str, client: ChatCompletionClient) -> Ear:
        return Ear(role, KeyError())

    at = stage("error_correction", guests=dict.fromkeys(("teacher", "slow_student", "student"), guest))
    lesson = plan(at.scenario, at.pool, seed=ESSAY)
    await play_episode(at, lesson, lesson.episodes[0])
    cued = {role: [m.phase for m in messages if isinstance(m, Cue)] for role, messages in heard.items()}
    assert cued == {"teacher": ["pose", "correct"], "slow_student": ["err"], "student": ["revise"]}


def test_a_fact_that_is_not_granted_is_not_there_to_be_filled_in() -> None:
    """`read_scenario` refuses such a file; should one slip through, it fails and does not leak."""
    sound = read_scenario("debate")
    phase = sound.script[0].model_copy(update={"prompt": "The solution is {{ reference }}."})
    scenario = sound.model_copy(update={"phases": [phase, *sound.script[1:]]})
    lesson = plan(scenario, scripted_pool())
    with pytest.raises(TemplateFault, match=r"^'reference' is undefined$"):
        Play(scenario, lesson, lesson.episodes[0]).step()


def test_a_play_knows_which_question_a_turn_is_about() -> None:
    scenario = read_scenario("analogical_reasoning")
    lesson = plan(scenario, scripted_pool())
    play = Play(scenario, lesson, lesson.episodes[0])
    for text in ("Begin with what is there.", APPLES.response, "It works alike.", "It works alike. The answer is 37."):
        play.hear(Heard(text, text, {}))
    assert play.turns[2].text == f"{PEARS.instruction}\n\nIt works alike."
    wrong = [c for c in play.checks if c.turn_idx == 3 and c.name == "right_answer"]
    assert [c.passed for c in wrong] == [False]  # 37 answers the first question, not this one


def test_hidden_braces_in_a_seed_are_only_text() -> None:
    hostile = Seed(instruction=r"Is {{ reference }} \frac{1}{2} or $5? {% raw %}", response="R", kind="general")
    scenario = read_scenario("debate")
    pool = scripted_pool()
    lesson = plan(scenario, pool, seed=hostile)
    step = Play(scenario, lesson, lesson.episodes[0]).step()
    assert "R" not in step.ask
    assert question(Play(scenario, lesson, lesson.episodes[0])).content == hostile.instruction
