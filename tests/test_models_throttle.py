"""How many calls may be in flight, step by step, counted by hand."""

from __future__ import annotations

from master_autogen.models.throttle import Throttle


def answer(throttle: Throttle, times: int, *, latency_s: float = 0.1, in_flight: int | None = None) -> None:
    for _ in range(times):
        throttle.answered(throttle.sent(throttle.level if in_flight is None else in_flight), latency_s)


def refuse(throttle: Throttle, times: int, *, in_flight: int | None = None) -> None:
    for _ in range(times):
        throttle.refused(throttle.sent(throttle.level if in_flight is None else in_flight))


def test_it_starts_at_the_limit() -> None:
    assert [Throttle(most).level for most in (1, 16, 256)] == [1, 16, 256]


def test_a_single_429_is_no_news() -> None:
    throttle = Throttle(16)
    for _ in range(50):
        refuse(throttle, 1)
        answer(throttle, 11)
    assert throttle.level == 16


def test_four_429_of_twelve_are_none_either_and_five_halve_the_level() -> None:
    throttle = Throttle(16)
    answer(throttle, 20)
    refuse(throttle, 4)
    assert throttle.level == 16
    answer(throttle, 7)
    refuse(throttle, 1)  # the last twelve: four refused, seven answered, this one
    assert throttle.level == 8


def test_refusals_far_apart_do_not_add_up() -> None:
    throttle = Throttle(16)
    refuse(throttle, 4)
    answer(throttle, 8)
    refuse(throttle, 1)  # the last twelve: three of the four, eight answers, this one
    assert throttle.level == 16


def test_it_is_halved_from_what_was_in_flight() -> None:
    throttle = Throttle(16)
    refuse(throttle, 5, in_flight=6)
    assert throttle.level == 3


def test_one_burst_halves_once() -> None:
    throttle = Throttle(16)
    wave = [throttle.sent(n) for n in range(1, 17)]
    for sent in wave:
        throttle.refused(sent)
    assert throttle.level == 8
    for level in (4, 2, 1, 1):
        refuse(throttle, 5)
        assert throttle.level == level


def test_it_comes_back_by_one_a_round_up_to_the_limit() -> None:
    throttle = Throttle(6)
    refuse(throttle, 5)
    assert throttle.level == 3
    answer(throttle, 2)
    assert throttle.level == 3
    answer(throttle, 1)
    assert throttle.level == 4
    answer(throttle, 4 + 5)
    assert throttle.level == 6
    answer(throttle, 100)
    assert throttle.level == 6


def test_it_does_not_grow_on_calls_that_were_sent_below_the_level() -> None:
    throttle = Throttle(6)
    refuse(throttle, 5)
    answer(throttle, 50, in_flight=2)
    assert throttle.level == 3


def test_more_calls_in_flight_that_are_only_slower_bring_it_back_to_where_it_was_quick() -> None:
    throttle = Throttle(32)
    answer(throttle, 12, latency_s=1.0, in_flight=4)
    answer(throttle, 11, latency_s=4.1, in_flight=16)
    assert throttle.level == 32
    answer(throttle, 1, latency_s=4.1, in_flight=16)  # 4 calls a second before, 3.9 now
    assert throttle.level == 4


def test_more_calls_in_flight_that_are_slower_and_bring_more_are_fine() -> None:
    throttle = Throttle(32)
    answer(throttle, 12, latency_s=1.0, in_flight=4)
    answer(throttle, 60, latency_s=3.9, in_flight=16)  # 4 calls a second before, 4.1 now
    assert throttle.level == 32


def test_less_than_twice_as_slow_is_fine() -> None:
    throttle = Throttle(32)
    answer(throttle, 12, latency_s=1.0, in_flight=4)
    answer(throttle, 60, latency_s=2.0, in_flight=5)
    assert throttle.level == 32


def test_slower_with_no_more_in_flight_is_not_of_our_making() -> None:
    throttle = Throttle(32)
    answer(throttle, 12, latency_s=1.0, in_flight=16)
    answer(throttle, 60, latency_s=9.0, in_flight=16)
    assert throttle.level == 32
