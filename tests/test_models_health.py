"""When an endpoint counts as dead, and when somebody looks whether it is back."""

from __future__ import annotations

import pytest

from master_autogen.errors import CallError, CallErrorKind
from master_autogen.models.health import Health


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def fail(health: Health, times: int, kind: CallErrorKind = "connection") -> None:
    for n in range(times):
        health.failed(CallError(kind, f"no {n + 1}"))


@pytest.mark.parametrize("kind", ["connection", "timeout", "server"])
def test_it_is_dead_after_five_failures_in_a_row(kind: CallErrorKind) -> None:
    health = Health()
    fail(health, 4, kind)
    assert health.dead is None
    fail(health, 1, kind)
    assert health.dead == "5 calls in a row failed, the last with: no 1"


@pytest.mark.parametrize("kind", ["rate_limit", "bad_reply", "refusal", "request", "setup"])
def test_whoever_answers_lives(kind: CallErrorKind) -> None:
    health = Health()
    fail(health, 4)
    fail(health, 9, kind)
    fail(health, 4)
    assert health.dead is None


def test_an_answer_that_was_on_its_way_brings_it_back() -> None:
    health = Health()
    fail(health, 5)
    health.answered()
    assert health.dead is None


def test_it_is_looked_for_less_and_less_often_until_it_answers() -> None:
    clock = Clock()
    health = Health(clock)
    assert not health.may_look()
    fail(health, 5)
    looks: list[float] = []
    for tenths in range(1000):
        clock.now = tenths / 10
        if health.may_look():
            assert not health.may_look()  # one at a time
            health.looked(back=False)
            looks.append(clock.now)
    assert looks == [1, 3, 7, 15, 31, 61, 91]
    clock.now = 121
    assert health.may_look()
    health.looked(back=True)
    assert health.dead is None
    fail(health, 5)
    assert health.wait_s == 30  # it answered no call in between
    health.answered()
    fail(health, 5)
    assert health.wait_s == 1
