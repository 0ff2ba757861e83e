"""What an endpoint's reply becomes, form by form."""

import json
from typing import Any

import pytest
from autogen_core.models import RequestUsage

from master_autogen.errors import CallError
from master_autogen.models.replies import parse, read_chat, split_thought
from tests.endpoint import completion


def _reply(content: str | None, **message: Any) -> dict[str, Any]:
    return completion(content, **message)


@pytest.mark.parametrize(
    ("content", "thought", "text"),
    [
        ("42", None, "42"),
        ("<think>6 * 7</think>42", "6 * 7", "42"),
        ("\n<think>\n6 * 7\n</think>\n\n42\n", "6 * 7", "42"),
        ("<think></think>42", None, "42"),
        ("<think>6 *", "6 *", ""),
        ("6 * 7</think>\n42", "6 * 7", "42"),
        ("Put <think>this</think> so", None, "Put <think>this</think> so"),
        ("a < b, <think> is a tag", None, "a < b, <think> is a tag"),
    ],
)
def test_thoughts_are_kept_apart(content: str, thought: str | None, text: str) -> None:
    assert split_thought(content) == (thought, text)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_in_a_field_of_their_own(field: str) -> None:
    result = read_chat(_reply("42", **{field: "6 * 7"}))
    assert (result.thought, result.content) == ("6 * 7", "42")


def test_a_thought_cut_off_by_the_limit_leaves_no_text_but_is_a_result() -> None:
    in_text = read_chat(_reply("<think>6 times", finish_reason="length"))
    in_field = read_chat(_reply(None, reasoning_content="6 times", finish_reason="length"))
    for result in (in_text, in_field):
        assert (result.content, result.thought, result.finish_reason) == ("", "6 times", "length")


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("content_filter", "content_filter"),
        ("tool_calls", "function_calls"),
        ("END_TURN", "stop"),
        ("eos", "unknown"),
        (None, "unknown"),
    ],
)
def test_finish_reasons(reason: str | None, ours: str) -> None:
    assert read_chat(_reply("x", finish_reason=reason)).finish_reason == ours


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "completion_tokens": "3"}, "many"])
def test_usage_that_is_not_said_is_0(usage: Any) -> None:
    assert read_chat(_reply("x", usage=usage)).usage == RequestUsage(prompt_tokens=0, completion_tokens=0)


def test_content_in_parts() -> None:
    parts: Any = [{"type": "text", "text": "four"}, {"type": "image"}, {"type": "text", "text": "teen"}]
    assert read_chat(_reply(parts)).content == "fourteen"


def test_half_a_surrogate_pair_would_break_the_log() -> None:
    reply = parse(rb'{"choices": [{"message": {"content": "a \ud83d b \ud83d\ude00"}}]}')
    assert read_chat(reply).content == "a ? b 😀"


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"<html>busy</html>", "the reply is not JSON (content type text/html)"),
        (b'{"choices": [', "the reply is not JSON (content type text/html)"),
        (b"\xff\xfe", "the reply is not JSON (content type text/html)"),
        (b"[" * 100_000, "the reply is not JSON (content type text/html)"),
        (b"[1]", "the reply is JSON, but a list and not an object"),
    ],
)
def test_bodies_that_are_no_reply_keep_their_text(raw: bytes, message: str) -> None:
    with pytest.raises(CallError) as caught:
        parse(raw, "text/html")
    assert (caught.value.kind, str(caught.value)) == ("bad_reply", message)
    assert caught.value.text == raw.decode("utf-8", "replace")


@pytest.mark.parametrize(
    ("reply", "kind", "message"),
    [
        ({"choices": []}, "bad_reply", "the reply has no choices"),
        ({"error": {"message": "overloaded"}}, "bad_reply", "the reply has no choices: overloaded"),
        ({"choices": [{}]}, "bad_reply", "the reply's first choice has no message"),
        (_reply(None), "bad_reply", "the reply's content is null"),
        ({"choices": [{"message": {"content": 42}}]}, "bad_reply", "the reply's content is not text but of type int"),
        (_reply(None, refusal="I will not."), "refusal", "refused: I will not."),
        (_reply("", refusal="I will not."), "refusal", "refused: I will not."),
        (_reply("", finish_reason="content_filter"), "refusal", "refused: by a content filter"),
        (
            _reply("x", logprobs={"content": [{"token": "x"}]}),
            "bad_reply",
            "the reply's logprobs cannot be read (KeyError: 'logprob')",
        ),
    ],
)
def test_replies_with_nothing_usable(reply: dict[str, Any], kind: str, message: str) -> None:
    raw = json.dumps(reply).encode()
    with pytest.raises(CallError) as caught:
        read_chat(reply, raw)
    assert (caught.value.kind, str(caught.value), caught.value.text) == (kind, message, raw.decode())


def test_a_filter_that_left_some_text_is_a_result() -> None:
    result = read_chat(_reply("So far", finish_reason="content_filter"))
    assert (result.content, result.finish_reason) == ("So far", "content_filter")


def test_an_empty_text_is_a_result() -> None:
    assert read_chat(_reply("")).content == ""
