"""Estimates, prices, and a tokenizer that never hangs."""

import threading

import pytest
import tiktoken

from master_autogen.models import tokens
from master_autogen.pool import Price


@pytest.fixture(autouse=True)
def _fresh_cache():
    tokens._encoder.cache_clear()
    yield
    tokens._encoder.cache_clear()


@pytest.mark.parametrize(("text", "n"), [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("é" * 4, 2), ("\ud83d", 1)])
def test_estimate_is_a_quarter_of_the_bytes_rounded_up(text: str, n: int) -> None:
    assert tokens.estimate(text) == n


def test_cost() -> None:
    assert tokens.cost(Price(prompt=2.0, completion=8.0), 1000, 500) == pytest.approx(0.006)
    assert tokens.cost(Price(), 1000, 500) == 0.0
    assert tokens.cost(None, 1000, 500) is None


def test_count_by_an_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    letters = tiktoken.Encoding(
        "letters", pat_str=r".", mergeable_ranks={bytes([i]): i for i in range(256)}, special_tokens={"<|end|>": 256}
    )
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: letters)
    assert tokens.count("abc", "letters") == 3
    assert tokens.count("<|end|>", "letters") == 7  # special tokens in a text are text


def test_a_failure_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def offline(name: str) -> None:
        asked.append(name)
        raise ConnectionError("no network")

    monkeypatch.setattr(tiktoken, "get_encoding", offline)
    assert [tokens.count(text, "cl100k_base") for text in ("a", "b")] == [None, None]
    assert asked == ["cl100k_base"]
    assert tokens.count("a", "no such encoding") is None


def test_a_network_that_swallows_packets_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(tokens, "LOAD_LIMIT_S", 0.05)
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: release.wait(60))
    assert tokens.count("a", "cl100k_base") is None
    monkeypatch.setattr(tokens, "LOAD_LIMIT_S", 60)  # a second wait would be a hang
    assert tokens.count("a", "cl100k_base") is None
    assert any(thread.name == "tiktoken" and thread.daemon for thread in threading.enumerate())
    release.set()
