"""Texts and numbers of the page, with the exact text."""

from __future__ import annotations

import json

import pytest

from master_autogen.report.words import duration, interval, mean, money, number, percent, script_json, share, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("one\r\ntwo", "one\ntwo"),
        ("a\0b\x1b[1m\x9b", "a⟨0000⟩b⟨001B⟩[1m⟨009B⟩"),
        ("\u202eabc\u2066d\u2069", "⟨202E⟩abc⟨2066⟩d⟨2069⟩"),
        ("half \ud83d, whole \U0001f600", "half ⟨D83D⟩, whole \U0001f600"),
        ("שלום \u200f", "שלום \u200f"),
    ],
)
def test_what_cannot_be_seen_is_named(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    "text", ["</script>", "<!--", "<script>", "]]>", "&amp;", "\u2028\u2029", "\ud83d", "\0\x85", "é"]
)
def test_json_in_a_script_is_inert_and_comes_back(text: str) -> None:
    made = script_json({text: [text]})
    assert json.loads(made) == {text: [text]}
    assert not set(made) & set("<>&\0\x85\u2028\u2029\ud83d")


def test_json_has_no_numbers_that_are_none() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        script_json([float("nan")])


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (number(None), "–"), (number(0.256), "0.26"), (number(0.5, 3), "0.500"),
        (mean(0.0, 0), "–"), (mean(1.5, 2), "0.75"),
        (interval(None, None), "–"), (interval(0.125, 1.0), "0.12 to 1.00"),
        (percent(None), "–"), (percent(0.0), "0\u00a0%"), (percent(0.031), "3.1\u00a0%"), (percent(0.12), "12\u00a0%"),
        (share(1, 0), "–"), (share(67, 67), "100\u00a0%"),
        (money(None), "–"), (money(0.0), "$0.00"), (money(0.00001), "<$0.0001"), (money(0.25), "$0.2500"),
        (money(1234.5), "$1,234.50"),
        (duration(8.2), "8 s"), (duration(72), "1 min 12 s"), (duration(7500), "2 h 5 min"),
    ],
)  # fmt: skip
def test_numbers(shown: str, told: str) -> None:
    assert shown == told
