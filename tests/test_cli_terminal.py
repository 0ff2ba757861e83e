"""Numbers, bars and blocks as people read them, worked out by hand."""

from __future__ import annotations

import pytest

from master_autogen.cli import terminal


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (9999, "9999"), (10_000, "10.0k"), (12_345, "12.3k"), (4_600_000, "4.6M")]
)
def test_counts_are_short(value: int, shown: str) -> None:
    assert terminal.short_count(value) == shown


@pytest.mark.parametrize(
    ("cost", "shown"),
    [
        (None, "no price"),
        (0.0, "$0.00"),
        (0.00001, "<$0.0001"),
        (0.01234, "$0.0123"),
        (1.5, "$1.50"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money_has_the_digits_that_matter(cost: float | None, shown: str) -> None:
    assert terminal.money(cost) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0 s"), (59.4, "59 s"), (72.0, "1 min 12 s"), (7500.0, "2 h 5 min")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert terminal.duration(seconds) == shown


def test_nouns_follow_their_count() -> None:
    assert [terminal.counted(n, "lesson") for n in (0, 1, 1200)] == ["0 lessons", "1 lesson", "1,200 lessons"]
    assert terminal.counted(2, "reply", "replies") == "2 replies"


def test_a_bar_is_as_long_as_its_value() -> None:
    assert [terminal.bar(value, 0.4, 4) for value in (0.4, 0.35, 0.2, 0.05, 0.0)] == [
        "━━━━",
        "━━━╸",
        "━━  ",
        "╸   ",
        "    ",
    ]
    assert terminal.bar(0.0, 0.0, 3) == "   "


def test_blocks_go_from_the_lowest_to_the_highest() -> None:
    assert terminal.sparkline([0.0, 0.5, 1.0, None], 0.0, 1.0) == "▁▅█·"
    assert terminal.sparkline([0.25, 0.25], 0.25, 0.25) == "▅▅"


def test_control_characters_are_shown_and_not_sent() -> None:
    assert terminal.plain("a\x1b[31mb\r\nc\td\x00\x9b") == "a�[31mb\nc\td��"
