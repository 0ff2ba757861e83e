"""Where lines, bars, ticks and names go, by hand."""

from __future__ import annotations

import pytest

from master_autogen.report.plots import bar_plot, evenly, line_plot, spread


def test_a_line_goes_from_its_first_value_to_its_last() -> None:
    plot = line_plot("debate", ["1", "2", "after"], {"a + b": [0.25, 0.3, 0.4], "c + d": [None, 0.2, None]}, "round")
    # 510 and 154 are right and bottom; four ticks of 0.1; 140 high.
    assert (plot.right, plot.bottom, plot.height) == (510, 154, 190)
    assert [(tick.at, tick.text) for tick in plot.y_ticks] == [
        (154.0, "0.0"), (119.0, "0.1"), (84.0, "0.2"), (49.0, "0.3"), (14.0, "0.4"),
    ]  # fmt: skip
    assert [(tick.at, tick.text) for tick in plot.x_ticks] == [(48.0, "1"), (279.0, "2"), (510.0, "after")]
    first, second = plot.lines
    assert (first.name, first.value, first.points) == ("a + b", "0.400", "48.0,66.5 279.0,49.0 510.0,14.0")
    assert (second.name, second.value, second.points) == ("c + d", "0.200", "279.0,84.0")
    assert (first.label_y, second.label_y) == (18, 84.0)


def test_the_highest_at_the_end_are_named_and_the_rest_are_there() -> None:
    plot = line_plot("x", ["1"], {f"pair {i}": [i / 100] for i in range(11)}, "round")
    assert [line.name for line in plot.lines] == [f"pair {i}" for i in range(10, 2, -1)]
    assert len(plot.others) == 3


@pytest.mark.parametrize(
    ("most", "ticks"),
    [(0.0, "0.04"), (0.05, "0.08"), (0.26, "0.4"), (0.5, "0.8"), (1.0, "1.00")],
)
def test_ticks_are_round_numbers_that_reach_the_top(most: float, ticks: str) -> None:
    assert line_plot("x", ["1"], {"a": [most]}, "round").y_ticks[-1].text == ticks


def test_labels_keep_their_distance() -> None:
    assert spread([10, 12, 80], 10, 0, 100) == [10, 20, 80]
    assert spread([95, 99], 10, 0, 100) == [90, 100]
    assert spread([50, 50, 50], 10, 0, 100) == [50, 60, 70]


def test_even_places() -> None:
    assert evenly(3, 5) == [0, 1, 2]
    assert evenly(9, 3) == [0, 4, 8]


def test_bars_are_as_high_as_their_counts() -> None:
    plot = bar_plot("pi", [1, 0, 4], ["0", "1", "2", "3"], "candidates")
    assert [(bar.height, bar.told, bar.text) for bar in plot.bars] == [
        (25.0, "0 to 1: 1 candidates", "1"), (0.0, "1 to 2: 0 candidates", ""), (100.0, "2 to 3: 4 candidates", "4"),
    ]  # fmt: skip
    assert [bar.y + bar.height for bar in plot.bars] == [122.0] * 3
    assert bar_plot("pi", [0, 0], ["0", "1", "2"], "x").bars[0].height == 0
