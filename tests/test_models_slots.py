"""Slots are given in turn, as many as the throttle allows, and none is lost."""

from __future__ import annotations

import asyncio

import pytest

from master_autogen.models.slots import AdaptiveSlots


async def _turns(slots: AdaptiveSlots, got: list[int], number: int) -> None:
    await slots.take()
    got.append(number)


async def _settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_as_many_as_allowed_and_then_in_turn() -> None:
    slots, got = AdaptiveSlots(2), list[int]()
    tasks = [asyncio.create_task(_turns(slots, got, n)) for n in range(5)]
    await _settle()
    assert got == [0, 1]
    slots.free()
    await _settle()
    assert got == [0, 1, 2]
    slots.free()
    slots.free()
    await _settle()
    assert got == [0, 1, 2, 3, 4]
    await asyncio.gather(*tasks)


async def test_a_lower_level_takes_slots_away_and_a_higher_one_gives_several() -> None:
    slots, got = AdaptiveSlots(4), list[int]()
    sent = [await slots.take() for _ in range(4)]
    tasks = [asyncio.create_task(_turns(slots, got, n)) for n in range(3)]
    await _settle()
    for one in [*sent, sent[0]]:
        slots.throttle.refused(one)
    assert slots.throttle.level == 2
    slots.free()
    slots.free()
    await _settle()
    assert got == []
    slots.free()
    await _settle()
    assert got == [0]
    slots.throttle.level = 4
    slots.free()
    await _settle()
    assert got == [0, 1, 2]
    await asyncio.gather(*tasks)


async def test_who_is_cancelled_while_waiting_holds_nothing() -> None:
    slots, got = AdaptiveSlots(1), list[int]()
    await slots.take()
    first, given, last = (asyncio.create_task(_turns(slots, got, n)) for n in range(3))
    await _settle()
    first.cancel()
    await _settle()
    slots.free()
    given.cancel()  # its slot was given, and it has not run since
    with pytest.raises(asyncio.CancelledError):
        await given
    await last
    assert (got, slots.in_flight) == ([2], 1)


def test_another_loop_begins_with_none_in_flight() -> None:
    slots = AdaptiveSlots(1)
    for _ in range(2):
        assert asyncio.run(slots.take()).in_flight == 1
