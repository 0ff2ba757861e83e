"""The lean client against AutoGen's own, on one endpoint: whoever calls them sees no difference."""

from typing import Any

import pytest
from autogen_core.models import AssistantMessage, CreateResult, ModelInfo, SystemMessage, UserMessage
from autogen_ext.models.openai import OpenAIChatCompletionClient
from pydantic import BaseModel, Field

from master_autogen.models.http import HttpClient
from master_autogen.pool import ModelSpec
from tests.endpoint import Behaviour, MockEndpoint, says

HISTORY = [
    SystemMessage(content="You teach."),
    UserMessage(content="What is 6 * 7?", source="user"),
    AssistantMessage(content="Work it out.", source="teacher"),
    UserMessage(content="42?", source="student"),
]
INFO = ModelInfo(vision=False, function_calling=False, json_output=True, structured_output=True, family="unknown")
LOGPROBS = {
    "content": [
        {
            "token": "4",
            "logprob": -0.5,
            "bytes": [52],
            "top_logprobs": [{"token": "4", "logprob": -0.5, "bytes": [52]}],
        },
        {"token": "2", "logprob": -0.25, "bytes": [50], "top_logprobs": []},
    ],
    "refusal": None,
}


class Grade(BaseModel):
    """How good it is."""

    verdict: str = Field(description="in a word")
    score: int = Field(ge=1, le=5)
    note: str | None = None


async def both(
    behaviour: Behaviour, *, family: str = "unknown", **ask: Any
) -> tuple[list[CreateResult], list[dict[str, Any]]]:
    """(our result, AutoGen's), (our request body, AutoGen's)."""
    async with MockEndpoint(behaviour) as endpoint:
        ours = HttpClient(ModelSpec(provider="openai", model="mock", base_url=endpoint.base_url), environ={})
        theirs = OpenAIChatCompletionClient(
            model="mock",
            base_url=endpoint.base_url,
            api_key="none",
            max_retries=0,
            include_name_in_message=False,
            model_info={**INFO, "family": family},
        )
        results = [await client.create(HISTORY, **ask) for client in (ours, theirs)]
        assert ours.total_usage() == theirs.total_usage()
        await ours.close()
        await theirs.close()
    return results, endpoint.bodies


@pytest.mark.parametrize(
    "behaviour",
    [
        says("42"),
        says(""),
        says("42", finish_reason="length"),
        says("42", finish_reason="content_filter"),
        says("42", finish_reason="eos"),
        says("42", finish_reason=None),
        says("42", usage=None),
        says("42", reasoning_content="6 * 7 is 42."),
        says("42", logprobs=LOGPROBS),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_results_are_equal(behaviour: Behaviour) -> None:
    (ours, theirs), _ = await both(behaviour)
    assert ours == theirs


@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_thoughts_in_the_text_are_as_autogen_reads_those_of_r1() -> None:
    (ours, theirs), _ = await both(says("<think>\n6 * 7\n</think>\n\n42"), family="r1")
    assert ours == theirs
    assert (ours.thought, ours.content) == ("6 * 7", "42")


@pytest.mark.parametrize(
    "ask",
    [
        {},
        {"extra_create_args": {"temperature": 0.2, "max_tokens": 9, "seed": 7, "stop": ["\n"], "logprobs": True}},
        {"extra_create_args": {"response_format": {"type": "json_object"}}},
        {"json_output": True},
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_requests_are_equal(ask: dict[str, Any]) -> None:
    _, (ours, theirs) = await both(says("42"), **ask)
    assert theirs.pop("stream") is False  # the default, which we leave out
    assert ours == theirs


@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_a_schema_is_sent_as_autogen_sends_it_and_the_raw_text_survives() -> None:
    text = '{"verdict": "fine", "score": 4, "note": null}'
    (ours, theirs), (our_body, their_body) = await both(says(text), json_output=Grade)
    their_body.pop("stream")
    assert our_body == their_body
    assert our_body["response_format"]["json_schema"]["schema"]["required"] == ["verdict", "score", "note"]
    assert ours.content == theirs.content == text
