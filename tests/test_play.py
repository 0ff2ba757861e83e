"""The course of an episode: what a check is given, that it holds up nobody, and what stands in the first answer's place."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from master_autogen.checks import REGISTRY, CheckFinding, CheckInput
from master_autogen.classroom.episode import play_episode
from master_autogen.classroom.play import Heard, Play
from master_autogen.scenario import read_scenario
from tests.kit import APPLES, plan, scripted_pool, stage


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[CheckInput], CheckFinding]], None]:
    """Puts a check of the test's own in the place of a check."""

    def put(name: str, check: Callable[[CheckInput], CheckFinding]) -> None:
        monkeypatch.setitem(REGISTRY, name, check)  # type: ignore[arg-type]

    return put


def test_a_check_is_told_who_said_what(instead: Callable[..., None]) -> None:
    seen: list[CheckInput] = []

    def spy(turn: CheckInput) -> CheckFinding:
        seen.append(turn)
        return CheckFinding(passed=True)

    instead("complete", spy)
    scenario = read_scenario("error_correction")
    lesson = plan(scenario, scripted_pool())
    play = Play(scenario, lesson, lesson.episodes[0], code_check="rlimit")
    for text in ("Begin with what is there.", "The answer is 12.", "Look at the second number again.", APPLES.response):
        play.hear(Heard(text, text, {}))
    assert play.over == "complete"
    assert [turn.speakers for turn in seen] == [
        (),
        ("teacher",),
        ("teacher", "slow_student"),
        ("teacher", "slow_student", "teacher"),
    ]
    assert seen[-1].said == ("Begin with what is there.", "The answer is 12.", "Look at the second number again.")
    assert seen[-1].teacher == ("Begin with what is there.", "Look at the second number again.")
    assert {turn.code_check for turn in seen} == {"rlimit"}


async def test_a_slow_check_does_not_hold_up_the_event_loop(instead: Callable[..., None]) -> None:
    loop = asyncio.get_running_loop()
    freed = threading.Event()

    def slow(turn: CheckInput) -> CheckFinding:
        loop.call_soon_threadsafe(freed.set)  # only a loop that is free comes to it
        return CheckFinding(passed=freed.wait(timeout=3), detail="the loop was held up")

    instead("wrong_answer", slow)
    at = stage("error_correction", judge=False)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert (episode.status, episode.reason) == ("complete", None)


async def test_cancelling_during_a_check_leaves_nothing_running(instead: Callable[..., None]) -> None:
    checking, done = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def endless(turn: CheckInput) -> CheckFinding:
        loop.call_soon_threadsafe(checking.set)
        done.wait(timeout=60)
        return CheckFinding(passed=True)

    instead("wrong_answer", endless)
    at = stage("error_correction", judge=False)
    lesson = plan(at.scenario, at.pool)
    before = asyncio.all_tasks()
    task = asyncio.create_task(play_episode(at, lesson, lesson.episodes[0]))
    await checking.wait()
    task.cancel()
    try:
        with pytest.raises(asyncio.CancelledError):
            async with asyncio.timeout(10):
                await task
        assert asyncio.all_tasks() == before
    finally:
        done.set()


async def test_a_check_that_breaks_fails_the_episode_with_its_error(instead: Callable[..., None]) -> None:
    def broken(turn: CheckInput) -> CheckFinding:
        raise ValueError("no such unit")

    instead("wrong_answer", broken)
    at = stage("error_correction", judge=False)
    lesson = plan(at.scenario, at.pool)
    episode = await play_episode(at, lesson, lesson.episodes[0])
    assert (episode.status, episode.reason) == ("failed", "ValueError: no such unit")
