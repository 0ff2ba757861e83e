"""From a pool to its clients: lazily, one each, shared."""

import subprocess
import sys
from typing import Any

import pytest
from autogen_core.models import UserMessage

from master_autogen.errors import UserError
from master_autogen.models.http import HttpClient
from master_autogen.models.providers import Clients, build_clients
from master_autogen.models.recorded import CallSite, RecordedClient
from master_autogen.models.scoring import HttpScorer
from master_autogen.models.scripted import ScriptedClient, ScriptedScorer
from master_autogen.pool import Pool
from tests.endpoint import MockEndpoint, echoes, fails, says, says_its_model

ASK = [UserMessage(content="Who are you?", source="user")]


def pool(models: dict[str, Any]) -> Pool:
    first = next(iter(models))
    pair = {"instruction": "a", "response": "a"}
    return Pool.model_validate(
        {
            "name": "test",
            "models": models,
            "agents": {"a": {"model": first}},
            "instruction": ["a"],
            "response": ["a"],
            "base_pairs": [pair],
        }
    )


def clients(environ: dict[str, str] | None = None, **models: Any) -> Clients:
    return build_clients(pool(models), environ=environ or {})


def http(endpoint: MockEndpoint, model: str = "mock", **more: Any) -> dict[str, Any]:
    return {"provider": "openai", "base_url": endpoint.base_url, "model": model, **more}


async def test_one_client_a_model_made_when_asked_for() -> None:
    found = clients(
        rules={"provider": "scripted", "rules": [{"when": "", "say": ["x"]}], "limits": {"tries": 2}},
        keyless={"provider": "openai", "base_url": "http://127.0.0.1:1/v1", "api_key_env": "NO_KEY"},
    )
    assert found.chat("rules") is found.chat("rules")
    assert isinstance(found.chat("rules"), ScriptedClient)
    assert isinstance(found.scorer("rules"), ScriptedScorer)
    assert found.limits("rules").tries == 2
    assert found.model("rules") == "rules"
    with pytest.raises(UserError, match="model 'keyless' takes its key from the environment variable NO_KEY"):
        found.chat("keyless")
    await found.close()


async def test_two_models_on_one_endpoint_keep_their_names_in_requests_and_rows() -> None:
    async with MockEndpoint(says_its_model) as endpoint:
        found = clients(little=http(endpoint, "small-1b"), big=http(endpoint, "large-70b"))
        calls: list[Any] = []
        for name in ("little", "big"):
            site = CallSite("r", "l", "e", "turn", agent=name, model=found.model(name))
            await RecordedClient(found.chat(name), site, calls.append).create(ASK)
        await found.close()
    assert [(call.agent, call.model, call.text) for call in calls] == [
        ("little", "small-1b", "I am small-1b"),
        ("big", "large-70b", "I am large-70b"),
    ]


async def test_talking_and_scoring_share_an_endpoint() -> None:
    async with MockEndpoint(says("yes"), echoes()) as endpoint:
        found = clients(m=http(endpoint))
        chat, scorer = found.chat("m"), found.scorer("m")
        assert isinstance(chat, HttpClient)
        assert isinstance(scorer, HttpScorer)
        assert chat._endpoint is scorer._endpoint
        await chat.create(ASK)
        assert (await scorer.score("Q", "A")).tokens == 1
        await found.close()
        assert found.chat("m") is not chat
        await found.close()


async def test_check() -> None:
    async with MockEndpoint(says("y", finish_reason="length"), fails(401, "who are you?")) as endpoint:
        found = clients(m=http(endpoint), s={"provider": "scripted"}, k=http(endpoint, api_key_env="NO_KEY"))
        good, bad = await found.check("m"), await found.check("m")
        scripted, keyless, unknown = [await found.check(name) for name in ("s", "k", "x")]
        await found.close()
    assert (good.name, good.ok, good.text, good.error) == ("m", True, "y", None)
    assert good.latency_s > 0
    assert endpoint.bodies[0] == {
        "model": "mock",
        "messages": [{"role": "user", "content": "Say: yes"}],
        "max_tokens": 1,
        "temperature": 0.0,
    }
    assert (bad.ok, bad.text, bad.error) == (
        False,
        None,
        f"{endpoint.base_url} refuses a call without a key (none is in OPENAI_API_KEY) (HTTP 401: who are you?)",
    )
    assert (scripted.ok, scripted.text) == (True, "(scripted: its rules can be read)")
    assert keyless.error is not None
    assert keyless.error.startswith("model 'k' takes its key from the environment variable NO_KEY")
    assert unknown.error == "pool 'test' has no model 'x'; it has k, m, s"


async def test_who_cannot_score_says_so() -> None:
    replay = "autogen_ext.models.replay.ReplayChatCompletionClient"
    found = clients(m={"provider": replay, "config": {"chat_completions": ["x"]}})
    assert (await found.chat("m").create(ASK)).content == "x"
    with pytest.raises(UserError) as caught:
        found.scorer("m")
    assert str(caught.value) == (
        f"model 'm' cannot measure difficulty: {replay} does not tell how likely a given text is. "
        "Name a model of provider embedded or openai under scorers"
    )
    await found.close()


def test_importing_it_loads_nothing_heavy() -> None:
    code = (
        "import sys, master_autogen.models.providers\n"
        "heavy = {'aiohttp', 'autogen_core', 'autogen_ext', 'openai', 'tiktoken', 'xllamacpp'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
