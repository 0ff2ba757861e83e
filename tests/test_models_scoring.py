"""Log-likelihoods over HTTP: hand-computed on an endpoint whose tokens cost 1 nat and 1/8 a character."""

from typing import Any

import pytest

from master_autogen.errors import CallError, UserError
from master_autogen.models.base import Scorer, TokenScores
from master_autogen.models.scoring import HttpScorer
from master_autogen.pool import ModelSpec
from tests.endpoint import Behaviour, MockEndpoint, MockVllm, echoes, replies

NO_START = "the endpoint gave no probability for the text's first token; name the model's start token in config.start"


async def score(
    behaviour: Behaviour, context: str | None, text: str, **config: Any
) -> tuple[TokenScores, list[dict[str, Any]]]:
    async with MockEndpoint(behaviour) as endpoint:
        spec = ModelSpec(provider="openai", model="mock", base_url=endpoint.base_url, config=config)
        scorer: Scorer = HttpScorer(spec, environ={})
        try:
            return await scorer.score(context, text), endpoint.bodies
        finally:
            await scorer.close()


async def test_echo_after_a_context() -> None:
    found, (body,) = await score(echoes(), "What is 6 * 7?", "It is 42.")
    # "\nIt" belongs to both and counts as the text's: 3 + 3 + 4 characters in 3 tokens.
    assert found == TokenScores(
        logprob=-3 - 10 / 8, tokens=3, utf8_bytes=9, context_tokens=5, prompt_form="plain-v1", missing_reason=None
    )
    assert body == {
        "model": "mock",
        "prompt": "What is 6 * 7?\nIt is 42.",
        "echo": True,
        "max_tokens": 0,
        "logprobs": 1,
        "temperature": 0,
    }


@pytest.mark.parametrize(
    ("behaviour", "config"),
    [
        (echoes(bos="<s>"), {}),
        (echoes(bos="<s>", generates=" more"), {}),
        (echoes(), {"start": "<s> "}),
    ],
)
async def test_echo_of_a_text_alone_needs_something_before_it(behaviour: Behaviour, config: dict[str, Any]) -> None:
    found, _ = await score(behaviour, None, "It is 42.", **config)
    tokens = {"logprob": -3 - 9 / 8} if not config else {"logprob": -3 - 10 / 8}  # " It" with the start's blank
    assert found == TokenScores(**tokens, tokens=3, utf8_bytes=9, context_tokens=0, prompt_form="plain-v1")


async def test_echo_of_a_text_alone_without_a_start_is_missing() -> None:
    found, _ = await score(echoes(), None, "It is 42.")
    assert (found.logprob, found.missing_reason, found.tokens) == (None, NO_START, 3)


async def test_tokens_that_do_not_add_up() -> None:
    halves = {"tokens": ["Sm", "\ufffd", "\ufffd"], "token_logprobs": [None, -1.0, -1.0]}
    found, _ = await score(replies({"choices": [{"logprobs": halves}]}), None, "Sm😀")
    assert found.logprob is None
    assert (
        found.missing_reason == "the tokens' texts do not add up to the prompt, so where the text begins cannot be told"
    )


async def test_a_token_without_a_number_is_missing() -> None:
    hole = {"tokens": ["Q", "\nIt", " is"], "token_logprobs": [None, -1.0, float("-inf")]}
    found, _ = await score(replies({"choices": [{"logprobs": hole}]}), "Q", "It is")
    assert (found.logprob, found.missing_reason) == (None, "a token of the text has no probability")


@pytest.mark.parametrize("bos", [True, False])
async def test_vllm(bos: bool) -> None:
    found, bodies = await score(MockVllm(bos=bos), "What is 6?", "It is 6.", scoring="vllm")
    # "What", " is", " 6?", "\n" | "It", " is", " 6."
    assert found == TokenScores(
        logprob=-3 - 8 / 8, tokens=3, utf8_bytes=8, context_tokens=4, prompt_form="plain-v1", missing_reason=None
    )
    assert bodies[-1]["prompt"] == ([1] if bos else []) + [100, 101, 102, 103, 104, 101, 105]


async def test_vllm_of_a_text_alone() -> None:
    found, bodies = await score(MockVllm(bos=True), None, "It is 6.", scoring="vllm")
    assert (found.logprob, found.tokens, found.context_tokens) == (-4.0, 3, 0)
    found, bodies = await score(MockVllm(bos=False), None, "It is 6.", scoring="vllm")
    assert (found.logprob, found.missing_reason, found.tokens) == (None, NO_START, 3)
    assert all("prompt_logprobs" not in body for body in bodies)
    found, bodies = await score(MockVllm(bos=True), None, "It is 6.", scoring="vllm", start="<s>")
    assert (found.logprob, found.context_tokens) == (-4.0, 0)
    assert bodies[0] == {"model": "mock", "prompt": "<s>", "add_special_tokens": False}


@pytest.mark.parametrize(
    ("behaviour", "config", "message"),
    [
        (replies({"choices": [{"text": "x"}]}), {}, "the reply's logprobs cannot be read"),
        (replies({"choices": []}), {}, "the reply has no choices"),
        (replies({"tokens": "1 2"}), {"scoring": "vllm"}, "the reply's tokens cannot be read"),
        (
            replies({"tokens": [1, 2], "choices": [{"prompt_logprobs": [None, {"9": {"logprob": -1}}]}]}),
            {"scoring": "vllm"},
            "the reply's prompt_logprobs cannot be read",
        ),
    ],
)
async def test_replies_that_cannot_be_read(behaviour: Behaviour, config: dict[str, Any], message: str) -> None:
    with pytest.raises(CallError) as caught:
        await score(behaviour, "Q", "A", **config)
    assert (caught.value.kind, str(caught.value)) == ("bad_reply", message)


async def test_an_empty_text_asks_nothing() -> None:
    found, bodies = await score(echoes(), "Q", "")
    assert (found.logprob, found.missing_reason, bodies) == (None, "the text is empty", [])


def test_an_unknown_form() -> None:
    spec = ModelSpec(provider="openai", model="mock", base_url="http://127.0.0.1:1/v1", config={"scoring": "guess"})
    with pytest.raises(UserError, match=r"^model 'm': config\.scoring is 'guess'; it must be echo or vllm$"):
        HttpScorer(spec, name="m", environ={})
