"""Which engine a request goes to, and, marked `local`, what an engine remembers of the prompts it read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from master_autogen.models.local import find_model
from master_autogen.models.local_engines import REMEMBERED, Engine, Server, Settings


def test_a_prompt_goes_to_the_engine_that_knows_its_beginning_and_else_to_the_longest_idle() -> None:
    server = Server(Settings(Path("m.gguf"), threads=1, slots=3, context=64))
    first, second, third = server._idle
    first._prompts.append("system: teach\nuser: apples")
    second._prompts.append("system: teach\nuser: pears")
    taken = server.take("system: teach\nuser: pears\nassistant: four\nuser: why?")
    assert taken is second
    assert server.take("system: teach\nuser: pears") is first
    assert server.take("system: teach\nuser: pears") is third
    for engine in (first, second, third):
        server.give(engine)
    third._prompts.append("")
    assert server.take("user: hello") is first
    server.workers.close()


def test_an_engine_that_runs_is_taken_before_one_is_started() -> None:
    server = Server(Settings(Path("m.gguf"), threads=1, slots=2, context=64))
    idle, running = server._idle
    running._prompts.append("system: teach")
    assert (idle.knows("user: hello"), running.knows("user: hello")) == (-1, 0)
    assert server.take("user: hello") is running
    server.workers.close()


def test_old_prompts_are_taken_to_be_forgotten() -> None:
    engine = Engine(Settings(Path("m.gguf"), threads=1, slots=1, context=64))
    for i in range(REMEMBERED + 1):
        engine._prompts.append(f"{i}: what?")
    assert engine.knows("0: what?") == 0
    assert engine.knows("1: what?") == len("1: what?")


# What is remembered


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    shared = Server.shared(Settings(find_model(""), threads=1, slots=2, context=1024))
    yield shared
    shared.release()


def say(server: Server, messages: list[dict[str, str]], **more: Any) -> tuple[str, dict[str, int]]:
    """A reply, and how many tokens of the prompt were read (`prompt_n`) and remembered (`cache_n`)."""
    request = {"messages": messages, "temperature": 0.9, "max_tokens": 24, "stream": True, **more}
    chunks = server.stream(request | {"stream_options": {"include_usage": True}}, lambda: False)
    text = "".join(piece["delta"].get("content") or "" for chunk in chunks for piece in chunk["choices"])
    return text, chunks[-1]["timings"]


@pytest.mark.local
def test_the_turns_of_a_conversation_are_read_once_and_say_the_same_as_without_memory(server: Server) -> None:
    questions = ["Sam has 4 apples and buys 9 more. How many has he now?", "Why?", "And if he eats one?"]
    messages: list[dict[str, str]] = []
    known = 0
    for turn, question in enumerate(questions):
        messages.append({"role": "user", "content": question})
        text, read = say(server, messages, seed=turn)
        forgetful, whole = say(server, messages, seed=turn, cache_prompt=False)
        say(server, [{"role": "user", "content": "What is the capital of France?"}], seed=turn)
        assert (whole["cache_n"], whole["prompt_n"]) == (0, read["cache_n"] + read["prompt_n"])
        assert read["prompt_n"] <= whole["prompt_n"] - known
        assert forgetful == text
        known = whole["prompt_n"]
        messages.append({"role": "assistant", "content": text})


@pytest.mark.local
def test_a_prompt_is_read_in_steps_that_are_told(server: Server) -> None:
    """So that a slow machine is not taken for one that hangs: 64 tokens are a sign."""
    signs: list[int] = []

    def stopped() -> bool:
        signs.append(1)
        return len(signs) == 3

    request = {"messages": [{"role": "user", "content": "one two three four five " * 60}], "max_tokens": 1}
    chunks = server.stream(request | {"stream": True, "return_progress": True, "cache_prompt": False}, stopped)
    assert [chunk["prompt_progress"]["processed"] for chunk in chunks] == [0, 64, 128]
