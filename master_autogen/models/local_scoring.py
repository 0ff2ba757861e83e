"""How likely a text is under the embedded model, by ctypes on the llama.cpp C API inside the xllamacpp extension.

The engine's own server cannot score prompts. The extension exports the C API, undocumented, so the version is pinned
and the layout of its settings is checked before anything is passed to it. One thread at a time may use a `Scoring`.
This module knows no event loop and no pool file.

Prompt form `plain-v1`: end-of-text (or BOS, where the vocabulary has no end-of-text), context, newline, text. Context
and text are tokenised apart, so the boundary is exact and the text has the same tokens with and without a context.
SmolLM2's BOS is `<|im_start|>`, which makes a bad "nothing": hence end-of-text.
"""

from __future__ import annotations

import ctypes as c
import math
from pathlib import Path
from typing import Any

import numpy as np

from master_autogen.errors import CallError, UserError
from master_autogen.models.base import TokenScores
from master_autogen.models.local_workers import Stopped

PROMPT_FORM = "plain-v1"
ENGINE_VERSION = "2026.10.11549"
CHUNK = 64
"""Tokens decoded at a time. Logits take 4 bytes x vocabulary x CHUNK in the engine, twice: 12 MiB each for SmolLM2. A
larger chunk was no faster on one thread."""


class _ContextParams(c.Structure):
    """The head of llama_context_params; the slack holds the rest as the library filled it in."""

    _fields_ = [
        ("n_ctx", c.c_uint32),
        ("n_batch", c.c_uint32),
        ("n_ubatch", c.c_uint32),
        ("n_seq_max", c.c_uint32),
        ("n_rs_seq", c.c_uint32),
        ("n_outputs_max", c.c_uint32),
        ("n_outputs_max_per_seq", c.c_uint32),
        ("n_threads", c.c_int32),
        ("n_threads_batch", c.c_int32),
        ("slack", c.c_uint8 * 512),
    ]


_DEFAULTS = {
    "n_ctx": 512,
    "n_batch": 2048,
    "n_ubatch": 512,
    "n_seq_max": 1,
    "n_rs_seq": 0,
    "n_outputs_max": 0,
    "n_outputs_max_per_seq": 1,
    "n_threads": 4,
    "n_threads_batch": 4,
}
"""What the pinned version's llama_context_default_params says, field by field."""


class _ModelParams(c.Structure):
    _fields_ = [("slack", c.c_uint8 * 512)]


class _Batch(c.Structure):
    _fields_ = [
        ("n_tokens", c.c_int32),
        ("token", c.POINTER(c.c_int32)),
        ("embd", c.c_void_p),
        ("pos", c.POINTER(c.c_int32)),
        ("n_seq_id", c.POINTER(c.c_int32)),
        ("seq_id", c.POINTER(c.POINTER(c.c_int32))),
        ("logits", c.POINTER(c.c_int8)),
    ]


_SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "llama_max_devices": (c.c_size_t, []),
    "llama_log_set": (None, [c.c_void_p, c.c_void_p]),
    "llama_model_default_params": (_ModelParams, []),
    "llama_model_load_from_file": (c.c_void_p, [c.c_char_p, _ModelParams]),
    "llama_model_free": (None, [c.c_void_p]),
    "llama_model_n_ctx_train": (c.c_int32, [c.c_void_p]),
    "llama_model_get_vocab": (c.c_void_p, [c.c_void_p]),
    "llama_vocab_n_tokens": (c.c_int32, [c.c_void_p]),
    "llama_vocab_bos": (c.c_int32, [c.c_void_p]),
    "llama_tokenize": (
        c.c_int32,
        [c.c_void_p, c.c_char_p, c.c_int32, c.POINTER(c.c_int32), c.c_int32, c.c_bool, c.c_bool],
    ),
    "llama_context_default_params": (_ContextParams, []),
    "llama_init_from_model": (c.c_void_p, [c.c_void_p, _ContextParams]),
    "llama_free": (None, [c.c_void_p]),
    "llama_get_memory": (c.c_void_p, [c.c_void_p]),
    "llama_memory_clear": (None, [c.c_void_p, c.c_bool]),
    "llama_batch_init": (_Batch, [c.c_int32, c.c_int32, c.c_int32]),
    "llama_batch_free": (None, [_Batch]),
    "llama_decode": (c.c_int32, [c.c_void_p, _Batch]),
    "llama_get_logits": (c.POINTER(c.c_float), [c.c_void_p]),
}


def open_library(path: str, version: str) -> c.CDLL:
    """The C API inside the extension at `path`, with its signatures; UserError where it is not the API known here."""
    library = c.CDLL(path)
    missing = [name for name in _SIGNATURES if not hasattr(library, name)]
    if not missing:
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(library, name)
            function.restype, function.argtypes = result, arguments
        params = library.llama_context_default_params()
        if all(getattr(params, name) == value for name, value in _DEFAULTS.items()):
            return library
    raise UserError(
        f"scoring with the embedded model needs xllamacpp {ENGINE_VERSION}; version {version} is laid out differently: "
        f"pip install xllamacpp=={ENGINE_VERSION}"
    )


class Scoring:
    """A model and a context of its own in memory: about 100 MiB beside the weights, which are mapped from the file and
    so shared with the server. Not for two threads at once."""

    def __init__(self, library: c.CDLL, path: Path, n_ctx: int, n_threads: int) -> None:
        self._lib = library
        # The log goes to a C function that does nothing: a Python one could be called while the interpreter shuts down.
        library.llama_log_set(c.cast(library.llama_max_devices, c.c_void_p), None)
        self._model = library.llama_model_load_from_file(str(path).encode(), library.llama_model_default_params())
        if not self._model:
            raise CallError("request", f"the engine cannot load {path}")
        self._vocab = library.llama_model_get_vocab(self._model)
        self._n_vocab: int = library.llama_vocab_n_tokens(self._vocab)
        self._n_ctx = min(n_ctx, library.llama_model_n_ctx_train(self._model))
        params = library.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = self._n_ctx, CHUNK, CHUNK
        params.n_threads = params.n_threads_batch = n_threads
        self._context = library.llama_init_from_model(self._model, params)
        if not self._context:
            library.llama_model_free(self._model)
            raise CallError("request", f"the engine cannot make a context of {n_ctx} tokens for {path}")
        self._batch = self._new_batch()
        self._nothing = self._nothing_token()

    def _new_batch(self) -> _Batch:
        batch: _Batch = self._lib.llama_batch_init(CHUNK, 0, 1)
        for i in range(CHUNK):
            batch.n_seq_id[i] = 1
            batch.seq_id[i][0] = 0
        return batch

    def _nothing_token(self) -> int:
        """The token that stands for "nothing before"."""
        end_of_text = self._tokens("<|endoftext|>", special=True)
        bos: int = self._lib.llama_vocab_bos(self._vocab)
        return end_of_text[0] if len(end_of_text) == 1 else bos

    def _tokens(self, text: str, *, special: bool = False) -> list[int]:
        """`text` as token ids; names of special tokens in it are plain text unless `special`."""
        raw = text.encode()
        room = len(raw) + 8  # a token is at least a byte; some tokenizers put a space before
        ids = (c.c_int32 * room)()
        count = self._lib.llama_tokenize(self._vocab, raw, len(raw), ids, room, False, special)
        return list(ids[:count])

    def score(self, context: str | None, text: str, stopped: Stopped) -> TokenScores:
        """The log-likelihood of `text` after `context`, in nats; `context_tokens` leaves out the token for nothing."""
        try:
            scored = self._tokens(text)
            before = [] if context is None else self._tokens(context + "\n")
        except UnicodeEncodeError:
            size = len(text.encode("utf-8", "replace"))
            return self._missing("the text is not valid Unicode: it holds half a surrogate pair", 0, size, 0)
        size = len(text.encode())
        if not scored:
            return self._missing("the text is empty", 0, size, len(before))
        total = 1 + len(before) + len(scored)
        if total > self._n_ctx:
            reason = f"does not fit the scorer's context: {total} tokens of {self._n_ctx}"
            return self._missing(reason, len(scored), size, len(before))
        logprob = self._log_likelihood([self._nothing, *before], scored, stopped)
        if not math.isfinite(logprob):
            return self._missing(f"the engine's score is {logprob}", len(scored), size, len(before))
        return TokenScores(
            logprob=logprob,
            tokens=len(scored),
            utf8_bytes=size,
            context_tokens=len(before),
            prompt_form=PROMPT_FORM,
        )

    def _missing(self, reason: str, tokens: int, utf8_bytes: int, context_tokens: int) -> TokenScores:
        return TokenScores(
            logprob=None,
            tokens=tokens,
            utf8_bytes=utf8_bytes,
            context_tokens=context_tokens,
            prompt_form=PROMPT_FORM,
            missing_reason=reason,
        )

    def _log_likelihood(self, before: list[int], scored: list[int], stopped: Stopped) -> float:
        """Sum of log p over `scored`. The last token is never fed: nothing is predicted from it."""
        tokens = np.asarray(before + scored, dtype=np.int32)
        last, first = len(tokens) - 1, len(before) - 1  # logits are wanted at positions first .. last - 1
        self._lib.llama_memory_clear(self._lib.llama_get_memory(self._context), True)
        logprob = 0.0
        for start in range(0, last, CHUNK):
            if stopped():
                raise CallError("timeout", "the score was called off")
            end = min(start + CHUNK, last)
            wanted = np.arange(start, end) >= first
            self._decode(tokens[start:end], start, wanted)
            if wanted.any():
                targets = tokens[start + 1 : end + 1][wanted]
                logits = np.ctypeslib.as_array(
                    self._lib.llama_get_logits(self._context), (int(wanted.sum()), self._n_vocab)
                )
                logprob += _log_softmax_sum(logits, targets)
        return logprob

    def _decode(self, tokens: np.ndarray[Any, Any], start: int, wanted: np.ndarray[Any, Any]) -> None:
        count = len(tokens)
        batch = self._batch
        batch.n_tokens = count
        np.ctypeslib.as_array(batch.token, (CHUNK,))[:count] = tokens
        np.ctypeslib.as_array(batch.pos, (CHUNK,))[:count] = np.arange(start, start + count)
        np.ctypeslib.as_array(batch.logits, (CHUNK,))[:count] = wanted
        code = self._lib.llama_decode(self._context, batch)
        if code != 0:
            raise CallError("bad_reply", f"the engine could not read the text (llama_decode gave {code})")

    def close(self) -> None:
        self._lib.llama_batch_free(self._batch)
        self._lib.llama_free(self._context)
        self._lib.llama_model_free(self._model)


def _log_softmax_sum(logits: np.ndarray[Any, Any], targets: np.ndarray[Any, Any]) -> float:
    """Sum over rows of log softmax(row)[target], summed in double."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    chosen = shifted[np.arange(len(targets)), targets].astype(np.float64)
    np.exp(shifted, out=shifted)
    return float((chosen - np.log(shifted.sum(axis=1, dtype=np.float64))).sum())
