"""llama.cpp in this process: as many engines as requests may be worked on at a time, each with one request at a time.

Engines of their own, and not the slots of one: in a batch with others, or after a prompt that was partly remembered, a
token's numbers are rounded otherwise, and a reply that hangs by a hair comes out different. Measured on the requests of
real lessons: slots changed 2 replies of 14, and the prompt cache 4. Here every token is computed alone, whatever is
remembered, and 14 of 14 are the same; the weights are mapped from one file and so in memory once.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from master_autogen.errors import CallError
from master_autogen.models.failures import short
from master_autogen.models.local_workers import Stopped, Workers

PROMPT_CACHE_MIB = 128
"""What all engines together may keep of earlier prompts. The default of each is 8 GiB."""
REMEMBERED = 32
"""Prompts that an engine is taken to know still. A prompt of 100 tokens takes 2 MiB of its cache."""
LOOK_UP = 64
"""Tokens of a prompt between two looks at whether it is still wanted: half a second."""


@dataclass(frozen=True)
class Settings:
    """`slots` for requests at the same time, each with `threads` that compute and `context` in tokens."""

    path: Path
    threads: int
    slots: int
    context: int


def import_engine() -> Any:
    # Read when the library loads: threads that spin while they wait starve everything else on a small machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    import xllamacpp

    return xllamacpp


class Engine:
    """One engine, which loads its model at its first request (about a second). For one thread at a time."""

    _loading = threading.Lock()

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._prompts: deque[str] = deque(maxlen=REMEMBERED)
        self._engine: Any = None

    def knows(self, prompt: str) -> int:
        """How much of the prompt's beginning it has read lately, in characters; -1 before its first request."""
        return max((_shared(prompt, known) for known in self._prompts), default=-1)

    def stream(self, request: Mapping[str, Any], prompt: str, stopped: Stopped) -> list[dict[str, Any]]:
        """See `Server.stream`."""
        chunks: list[dict[str, Any]] = []

        def keep(chunk: dict[str, Any]) -> bool:  # True ends the work on this request
            chunks.append(chunk)
            return stopped()

        engine = self.started()
        self._prompts.append(prompt)
        try:
            engine.handle_chat_completions(dict(request), keep)
        except (ValueError, TypeError, RuntimeError) as error:  # a schema it cannot use, text that is no Unicode
            raise CallError("request", short(str(error))) from error
        return chunks

    def started(self) -> Any:
        with self._loading:
            if self._engine is None:
                library = import_engine()
                try:
                    self._engine = library.Server(_parameters(library.CommonParams(), self._settings))
                except RuntimeError as error:
                    raise CallError("request", f"the engine cannot load {self._settings.path}: {error}") from error
            return self._engine


def _shared(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _parameters(params: Any, settings: Settings) -> Any:
    params.model.path = str(settings.path)
    params.n_parallel = 1
    params.n_ctx = settings.context
    params.n_batch = LOOK_UP
    params.n_ubatch = 1  # see the module: a prompt that is remembered in part must give the same numbers
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.cpuparams.poll = params.cpuparams_batch.poll = 0  # wait without spinning
    params.cache_ram_mib = max(1, PROMPT_CACHE_MIB // settings.slots)
    params.verbosity = 0
    # The server listens on a loopback port, asked or not: a key keeps other programs and web pages out.
    params.port, params.n_threads_http, params.ui = 0, 1, False
    params.api_keys = [secrets.token_hex()]
    return params


class Server:
    """The engines that all clients with the same settings share."""

    _running: ClassVar[dict[Settings, Server]] = {}  # what `shared` has given out
    _lock = threading.Lock()

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._users = 0
        self._idle = [Engine(settings) for _ in range(settings.slots)]
        self._choosing = threading.Lock()
        self.workers = Workers(settings.slots)

    @classmethod
    def shared(cls, settings: Settings) -> Server:
        """The server for these settings, with one user more."""
        with cls._lock:
            if settings not in cls._running:
                cls._running[settings] = cls(settings)
            cls._running[settings]._users += 1
            return cls._running[settings]

    def release(self) -> None:
        """One user less; after the last one, waits for requests in flight and drops the engines."""
        with self._lock:
            self._users -= 1
            if self._users:
                return
            del self._running[self._settings]
        self.workers.close()
        self._idle.clear()

    def stream(self, request: Mapping[str, Any], stopped: Stopped) -> list[dict[str, Any]]:
        """All chunks of an engine's reply to a chat request; those so far, if `stopped`. CallError if it refuses."""
        prompt = "\n".join(f"{message['role']}: {message['content']}" for message in request["messages"])
        engine = self.take(prompt)
        try:
            return engine.stream(request, prompt, stopped)
        finally:
            self.give(engine)

    def take(self, prompt: str) -> Engine:
        """Of the idle engines the one that knows most of the prompt, and of these the longest idle one. There is one:
        the workers are as many as the engines."""
        with self._choosing:
            engine = max(self._idle, key=lambda idle: idle.knows(prompt))
            self._idle.remove(engine)
            return engine

    def give(self, engine: Engine) -> None:
        with self._choosing:
            self._idle.append(engine)
