"""AutoGen's own clients from a pool's entry: limits, names of settings, errors, and what is refused."""

import asyncio
from typing import Any

import pytest
from autogen_core.models import CreateResult, RequestUsage, UserMessage
from autogen_ext.models.replay import ReplayChatCompletionClient

from master_autogen.errors import CallError, UserError
from master_autogen.models import foreign
from master_autogen.models.failures import as_call_error
from master_autogen.models.foreign import ForeignClient, load
from master_autogen.models.scripted import ScriptedClient
from master_autogen.pool import Limits, ModelSpec
from tests.endpoint import Behaviour, MockEndpoint, echoes_its_headers, fails, hangs, raw, replies, says

ASK = [UserMessage(content="What is 6 * 7?", source="teacher")]
OPENAI = "autogen_ext.models.openai.OpenAIChatCompletionClient"
AZURE = "autogen_ext.models.openai.AzureOpenAIChatCompletionClient"
REPLAY = "autogen_ext.models.replay.ReplayChatCompletionClient"
KEY = "sk-abc/123+secret"


def spec(provider: str = OPENAI, **more: Any) -> ModelSpec:
    entry = {"provider": provider, "model": "mock", "family": "unknown", "api_key_env": "MY_KEY", **more}
    return ModelSpec.model_validate(entry)


async def ask(behaviour: Behaviour, *, args: dict[str, Any] | None = None, **more: Any) -> tuple[CreateResult, Any]:
    async with MockEndpoint(behaviour) as endpoint:
        client = load("m", spec(base_url=endpoint.base_url, **more), {"MY_KEY": KEY})
        try:
            return await client.create(ASK, extra_create_args=args or {}), endpoint.requests[0]
        finally:
            await client.close()


@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_openai_sends_what_it_is_given() -> None:
    args = {"seed": 7, "max_tokens": 5, "grammar": "root ::= [0-9]+", "response_format": {"type": "json_object"}}
    result, request = await ask(says("42"), args=args)
    assert result.content == "42"
    assert request.headers["Authorization"] == f"Bearer {KEY}"
    assert request.body == {
        "model": "mock",
        "messages": [{"role": "user", "content": "What is 6 * 7?"}],
        "stream": False,
        **args,
    }


@pytest.mark.parametrize(
    ("behaviour", "kind", "status", "retry_after"),
    [
        (fails(429, retry_after="3"), "rate_limit", 429, 3.0),
        (fails(500), "server", 500, None),
        (fails(404), "request", 404, None),
        (replies({"choices": []}), "bad_reply", None, None),
        (raw('{"choices": ['), "bad_reply", None, None),
        (hangs, "timeout", None, None),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
async def test_one_attempt_and_its_error(behaviour: Behaviour, kind: str, status: Any, retry_after: Any) -> None:
    with pytest.raises(CallError) as caught:
        await ask(behaviour, limits={"timeout_s": 0.3})
    error = caught.value
    assert (error.kind, error.http_status, error.retry_after) == (kind, status, retry_after)


async def test_an_endpoint_that_is_not_there() -> None:
    client = load("m", spec(base_url="http://127.0.0.1:1/v1"), {"MY_KEY": KEY})
    with pytest.raises(CallError) as caught:
        await client.create(ASK)
    assert caught.value.kind == "connection"
    await client.close()


async def test_the_key_is_in_no_error() -> None:
    with pytest.raises(CallError) as caught:
        await ask(echoes_its_headers)
    assert KEY not in str(caught.value)
    assert "denied: Bearer [key]" in str(caught.value)


async def test_limits_hold_for_any_client() -> None:
    most = now = 0

    async def slowly(messages: Any, args: Any) -> str:
        nonlocal most, now
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return "42"

    client = ForeignClient(ScriptedClient.of(slowly), "m", limits=Limits(concurrency=2))
    await asyncio.gather(*(client.create(ASK) for _ in range(6)))
    assert most == 2


def test_names_of_settings() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "G", "schema": {"type": "object"}}}
    args = {"temperature": 0.5, "max_tokens": 9, "seed": 7, "stop": ["x"], "response_format": schema}
    by_name = {name: foreign._translation(f"autogen_ext.models.{name}ChatCompletionClient") for name in (
        "openai.OpenAI", "openai.AzureOpenAI", "anthropic.Anthropic", "ollama.Ollama", "replay.Replay"
    )}  # fmt: skip
    assert by_name["openai.OpenAI"](args) == args
    assert by_name["openai.AzureOpenAI"]({"top_k": 3, "extra_body": {"a": 1}}) == {"extra_body": {"a": 1, "top_k": 3}}
    assert by_name["anthropic.Anthropic"](args) == {"temperature": 0.5, "max_tokens": 9, "stop_sequences": ["x"]}
    assert by_name["ollama.Ollama"](args) == {
        "temperature": 0.5,
        "num_predict": 9,
        "seed": 7,
        "stop": ["x"],
        "format": {"type": "object"},
    }
    assert by_name["ollama.Ollama"]({"response_format": {"type": "json_object"}}) == {"format": "json"}
    assert by_name["replay.Replay"](args) == args


async def test_the_replay_client() -> None:
    entry = ModelSpec(provider=REPLAY, model="r", config={"chat_completions": ["one", "two"]})
    client = load("m", entry, {})
    assert isinstance(client._inner, ReplayChatCompletionClient)
    assert [(await client.create(ASK)).content for _ in range(2)] == ["one", "two"]
    with pytest.raises(CallError, match="ValueError: No more mock responses available"):
        await client.create(ASK)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (spec(api_key_env="NO_KEY"), "model 'm' takes its key from the environment variable NO_KEY, which is not set. "
         "Set it: export NO_KEY=…"),
        (spec(config={"temprature": 9, "top_k": 3}), f"model 'm': config has temprature, top_k, which {OPENAI} does not know"),
        (spec(config={"api_key": "sk"}), "model 'm': config holds api_key; put the variable's name in api_key_env"),
        (
            spec(config={"default_headers": {"Authorization": "Bearer sk"}}),
            "model 'm': config holds Authorization; put the variable's name in api_key_env",
        ),
        (
            spec(AZURE, config={"api_version": "1", "azure_ad_token_provider": {"provider": "os.system", "config": {}}}),
            "model 'm': config.azure_ad_token_provider may only be autogen_ext.auth.azure.AzureTokenProvider",
        ),
        (spec(config={"seed": "seven"}), "model 'm': config: seed: Input should be a valid integer, unable to parse string as an integer"),
        (
            spec(family=""),
            f"model 'm': {OPENAI}: model_info is required when model name is not a valid OpenAI model "
            "(`family: unknown` will do)",
        ),
        (
            spec("autogen_ext.models.anthropic.AnthropicChatCompletionClient"),
            "model 'm' needs the package 'anthropic', which is not installed: pip install 'autogen-ext[anthropic]'",
        ),
        (spec().model_copy(update={"provider": "os.system"}), "model 'm': provider 'os.system' is not on the allow-list"),
    ],
)  # fmt: skip
def test_entries_that_are_refused(entry: ModelSpec, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load("m", entry, {"MY_KEY": KEY})
    assert str(caught.value) == message


class APIConnectionError(Exception): ...


class APITimeoutError(APIConnectionError): ...


class LengthFinishReasonError(Exception): ...


class ContentFilterFinishReasonError(Exception): ...


class ReadTimeout(TimeoutError): ...


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (APITimeoutError("x"), "timeout"),
        (ReadTimeout("x"), "timeout"),
        (APIConnectionError("x"), "connection"),
        (ConnectionResetError("x"), "connection"),
        (LengthFinishReasonError("x"), "bad_reply"),
        (ContentFilterFinishReasonError("x"), "refusal"),
        (IndexError("x"), "bad_reply"),
        (ValueError("x"), "request"),
        (RuntimeError("x"), "request"),
    ],
)
def test_exceptions_are_known_by_name(error: Exception, kind: str) -> None:
    found = as_call_error(error)
    assert (found.kind, str(found)) == (kind, f"{type(error).__name__}: x")


def test_usage_is_summed() -> None:
    usage = RequestUsage(prompt_tokens=2, completion_tokens=3)
    whole = CreateResult(finish_reason="stop", content="x", usage=usage, cached=False)

    async def twice() -> RequestUsage:
        client = ForeignClient(ScriptedClient.of([whole, whole]), "m")
        await client.create(ASK)
        await client.create(ASK)
        return client.total_usage()

    assert asyncio.run(twice()) == RequestUsage(prompt_tokens=4, completion_tokens=6)
