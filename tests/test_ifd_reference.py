"""IFD of the embedded engine beside that of transformers on the same weights: two engines, one arithmetic.

    make test-slow

The packaged weights have 4 bits, and the engine rounds what it multiplies them with to 8 bits, which transformers does
not: it widens the weights to floats and multiplies those. So both read a copy of them in 32-bit floats, where nothing but
the arithmetic can differ, and there they agree within 0.002 nats a token and 0.2 % of the IFD. What the rounding does to
the packaged file itself is bounded apart, more widely than 0.03 nats and 2 %: up to 0.046 nats and 3.7 % were measured,
and a mean over some twenty tokens cannot average more of it away.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from master_autogen.grading.difficulty import TurnScore
from master_autogen.models.base import TokenScores
from master_autogen.models.local import EmbeddedScorer, find_model
from master_autogen.pool import ModelSpec

pytestmark = pytest.mark.slow

EXACT = (0.002, 0.002)
"""Nats a token and a share of the IFD, for the same weights in 32-bit floats."""

ROUNDED = (0.06, 0.05)
"""The same for the packaged 4-bit file; measured: up to 0.046 nats and 3.7 % on answers of some twenty tokens."""

PAIRS = (
    (
        "Mia has 14 apples and buys 23 more. How many apples does she have?",
        "Mia starts with 14 apples and buys 23, so she has 14 + 23 = 37 apples. The answer is 37.",
    ),
    (
        "Why does ice float on water?",
        "Water expands as it freezes, so ice is less dense than the water around it, and it floats.",
    ),
    (
        "Write a Python function that returns the largest number of a list.",
        "def largest(numbers):\n    best = numbers[0]\n    for n in numbers:\n        if n > best:\n            best = n\n    return best",
    ),
    (
        "Translate into French: The cat sleeps on the chair.",
        "Le chat dort sur la chaise. Remember that chair is feminine in French, hence la chaise.",
    ),
    (
        "Name two things a good title does.",
        "It says what the text is about — and it makes one want to read on.",
    ),
)

Reference = Callable[[str | None, str], tuple[float, int]]
"""From context and text to the text's log-likelihood in nats and its tokens."""


WHY = "needs the reference engine: pip install 'master-autogen[torch]', or run `make test-slow`"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packaged model in 32-bit floats: some 540 MB."""
    gguf = pytest.importorskip("gguf", reason=WHY)
    path: Path = tmp_path_factory.mktemp("weights") / "smollm2.f32.gguf"
    read = gguf.GGUFReader(find_model("smollm2"))
    writer = gguf.GGUFWriter(path, read.fields["general.architecture"].contents())
    for name, found in read.fields.items():
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        inner = found.types[-1] if found.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, found.contents(), found.types[0], inner)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    for tensor in read.tensors:
        writer.add_tensor(tensor.name, gguf.quants.dequantize(tensor.data, tensor.tensor_type))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="module")
def reference(weights: Path) -> Reference:
    """transformers on that file, laid out as `plain-v1`: end-of-text, context, line break, text."""
    torch = pytest.importorskip("torch", reason=WHY)
    transformers = pytest.importorskip("transformers", reason=WHY)
    pytest.importorskip("accelerate", reason=WHY)
    torch.set_num_threads(1)
    tokenizer = transformers.AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
    read = {"gguf_file": weights.name, "dtype": torch.float32}
    model = transformers.AutoModelForCausalLM.from_pretrained(weights.parent, **read).eval()
    nothing = tokenizer.convert_tokens_to_ids("<|endoftext|>")

    def ids(text: str) -> list[int]:
        found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
        return found

    def score(context: str | None, text: str) -> tuple[float, int]:
        before = [nothing, *([] if context is None else ids(f"{context}\n"))]
        scored = ids(text)
        with torch.no_grad():
            logits = model(torch.tensor([before + scored])).logits[0]
        logprobs = torch.log_softmax(logits[len(before) - 1 : -1].double(), dim=-1)
        return float(logprobs.gather(1, torch.tensor(scored)[:, None]).sum()), len(scored)

    return score


def nats(found: TokenScores) -> float:
    assert found.logprob is not None, found.missing_reason
    return found.logprob


@pytest.mark.parametrize(("packaged", "margins"), [(False, EXACT), (True, ROUNDED)], ids=["floats", "packaged"])
async def test_ifd_is_that_of_another_engine(
    weights: Path,
    reference: Reference,
    packaged: bool,
    margins: tuple[float, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    scorer = EmbeddedScorer(ModelSpec(provider="embedded", model="smollm2" if packaged else str(weights)))
    off: list[tuple[float, float]] = []
    for question, answer in PAIRS:
        after, alone = await scorer.score(question, answer), await scorer.score(None, answer)
        (their_after, tokens), (their_alone, _) = reference(question, answer), reference(None, answer)
        assert after.tokens == alone.tokens == tokens
        ours, theirs = TurnScore(nats(after), nats(alone), tokens), TurnScore(their_after, their_alone, tokens)
        apart = max(abs(ours.after_history - their_after), abs(ours.alone - their_alone)) / tokens
        off.append((apart, abs(ours.ifd / theirs.ifd - 1)))
    await scorer.close()
    worst = tuple(max(values) for values in zip(*off, strict=True))
    with capsys.disabled():
        print(f"\nworst of {len(off)}: {worst[0]:.5f} nats a token, {worst[1]:.3%} of the IFD")
    assert worst[0] <= margins[0]
    assert worst[1] <= margins[1]
