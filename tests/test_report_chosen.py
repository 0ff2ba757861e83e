"""Which lessons are shown: shares worked out by hand, the same ones every time, the rare ones among them."""

from __future__ import annotations

from collections import Counter

import pytest

from master_autogen.draws import draw
from master_autogen.log import LessonKey
from master_autogen.records import LessonStatus
from master_autogen.report.chosen import choose, shares


@pytest.mark.parametrize(
    ("sizes", "most", "made"),
    [
        ({"a": 3, "b": 2}, 5, {"a": 3, "b": 2}),
        # 10 of each, then 70 over 970: 64.2, 5.8 and 0; the one left over goes to the largest remainder.
        ({"accepted": 900, "rejected": 90, "failed": 10}, 100, {"accepted": 74, "rejected": 16, "failed": 10}),
        ({"a": 1000, "b": 3}, 100, {"a": 97, "b": 3}),
        # No room for 10 of each: 2 of each.
        ({"a": 50, "b": 50, "c": 50}, 6, {"a": 2, "b": 2, "c": 2}),
        ({"a": 9, "b": 9, "c": 9}, 2, {"a": 1, "b": 1, "c": 0}),
    ],
)
def test_shares(sizes: dict[str, int], most: int, made: dict[str, int]) -> None:
    assert shares(sizes, most) == made
    assert sum(made.values()) == min(most, sum(sizes.values()))


def keys(sizes: dict[tuple[str, LessonStatus], int]) -> list[LessonKey]:
    return [
        LessonKey(id=f"{scenario}-{status}-{i}", scenario=scenario, status=status)
        for (scenario, status), size in sizes.items()
        for i in range(size)
    ]


SIZES: dict[tuple[str, LessonStatus], int] = {
    ("debate", "accepted"): 400, ("debate", "rejected"): 30, ("debate", "failed"): 4, ("quiz", "accepted"): 100,
}  # fmt: skip


def test_those_with_the_lowest_hashes_are_shown() -> None:
    chosen = choose(keys(SIZES), SIZES, 60)
    assert len(chosen) == 60
    wanted = shares(SIZES, 60)
    for (scenario, status), count in wanted.items():
        mine = [key.id for key in keys({(scenario, status): SIZES[scenario, status]})]
        assert chosen & set(mine) == set(sorted(mine, key=lambda found: draw("report", found))[:count])


def test_the_order_of_the_lessons_is_no_matter() -> None:
    assert choose(keys(SIZES), SIZES, 60) == choose(reversed(keys(SIZES)), SIZES, 60)


def test_rare_lessons_are_among_them() -> None:
    kinds = Counter(found.rsplit("-", 1)[0] for found in choose(keys(SIZES), SIZES, 60))
    assert kinds["debate-failed"] == 4
    assert kinds["debate-rejected"] >= 10


def test_all_are_shown_where_there_is_room() -> None:
    assert choose(keys(SIZES), SIZES, 1000) == {key.id for key in keys(SIZES)}
