"""Draws: the same for the same question, spread evenly, and weighted as told."""

from collections import Counter

import pytest

from master_autogen.draws import choose, draw, unit


def test_a_draw_hangs_on_every_part_and_on_nothing_else() -> None:
    # Fixed for ever: a run made today must be made again from the same inputs.
    assert draw(0, "debate", 1, "seed", 2) == 2391940301642508167
    assert draw(0, "debate", 1, "seed", 2) != draw(0, "debate", 1, "seed", 3)
    assert draw("a", "bc") != draw("ab", "c")


def test_units_are_spread_evenly() -> None:
    tenths = Counter(int(unit("spread", i) * 10) for i in range(10_000))
    assert set(tenths) == set(range(10))
    assert all(850 < count < 1150 for count in tenths.values())


def test_choices_follow_their_weights() -> None:
    counts = Counter(choose("abc", "weights", i, weights=[0.7, 0.3, 0.0]) for i in range(10_000))
    assert set(counts) == {"a", "b"}
    assert 6800 < counts["a"] < 7200


@pytest.mark.parametrize(
    ("options", "weights", "message"),
    [("", None, "nothing to choose from"), ("ab", [1.0], "2 options but 1 weights")],
)
def test_impossible_choices(options: str, weights: list[float] | None, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        choose(options, "key", weights=weights)
