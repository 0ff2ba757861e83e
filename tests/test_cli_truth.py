"""A whole run with a student who is right half the time, and its export: every correction is wrong, then right, by code.

What is exported is read back as a trainer would read it, and verified from its text alone.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from master_autogen.arithmetic import read_final, same_answer
from master_autogen.log import open_log
from master_autogen.records import Seed
from master_autogen.seeds import bundled
from tests.cli_kit import cli

SEEDS = [seed for seed in bundled().seeds if seed.kind == "math"][:30]
TRY = re.compile(r"This is my first try:\n(.*?)\n\n(?:Look|Your)", re.DOTALL)

RULES = [
    {"when": "A question has just been put", "say": ["Read it slowly and think about what happens first."]},
    {"when": "the answer needs work", "say": ["Look again at the first thing that happens, and think what it does."]},
    {"when": "the answer is right", "say": ["Your way holds. Make sure of it backwards, and say why both agree."]},
    {"when": "You are the student\\. Your teacher.*?---\\n(?P<reference>.*?)\\n---",
     "say": ["I see now what I had not thought of. {{ reference }}"]},
]  # fmt: skip


def half_right(seeds: list[Seed], *, by_question: bool) -> dict[str, Any]:
    """A pool whose slow student says the right answer in every other attempt, or for every other question always."""
    rules = list(RULES)
    for n, seed in enumerate(seeds):
        right, wrong = (f"I think it is this. The answer is {text}." for text in (seed.answer, "987654"))
        say = [right if n % 2 else wrong] if by_question else [right, wrong]
        rules.append(
            {"when": f"You are a student who is still learning this.*{re.escape(seed.instruction)}", "say": say}
        )
    agent = {"model": "one"}
    return {
        "name": "half",
        "summary": "A student who is right half the time.",
        "models": {"one": {"provider": "scripted", "rules": rules}},
        "agents": {"kind": agent, "slow": agent, "steady": agent},
        "instruction": ["kind"],
        "response": ["steady"],
        "fixed": {"slow_student": "slow"},
        "base_pairs": [{"instruction": "kind", "response": "steady"}],
        "judge": "verifier",
    }


def exported(folder: Path, seeds: list[Seed], *, by_question: bool) -> list[dict[str, Any]]:
    (folder / "half.yaml").write_text(json.dumps(half_right(seeds, by_question=by_question)))
    rows = (seed.model_dump(include={"instruction", "response", "answer", "kind"}) for seed in seeds)
    (folder / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    run = ("run", "error_correction", "--pool", folder / "half.yaml", "--seeds", folder / "seeds.jsonl")
    assert cli(*run, "--candidates", 1, "--rounds", 1, "--log", folder / "a.db", "--quiet").exit_code == 0
    to = folder / "train.jsonl"
    assert cli("export", "--format", "messages", "--to", to, "--log", folder / "a.db").exit_code == 0
    return [json.loads(line) for line in to.read_text().splitlines()]


def is_right(text: str, seed: Seed) -> bool | None:
    """By the text alone; None where no answer can be read."""
    final = read_final(text)
    return None if final is None else same_answer(final.text, seed.answer or "")


def told(row: dict[str, Any], seed: Seed) -> tuple[bool | None, bool | None]:
    """Whether the first and the last answer of a row are right."""
    human, gpt = (m["content"] for m in row["messages"] if m["role"] != "system")
    assert human.startswith(seed.instruction)
    first = TRY.search(human)
    assert first is not None
    return is_right(first[1], seed), is_right(gpt, seed)


@pytest.mark.parametrize("by_question", [False, True])
def test_with_a_student_who_is_right_half_the_time_all_corrections_are_wrong_then_right(
    tmp_path: Path, by_question: bool
) -> None:
    rows = exported(tmp_path, SEEDS, by_question=by_question)
    seeds = {seed.instruction: seed for seed in SEEDS}
    found = Counter((row["meta"]["label"], *told(row, _seed_of(row, seeds))) for row in rows)
    assert found == {("correction", False, True): 30}
    with closing(open_log(tmp_path / "a.db", readonly=True)) as db:
        (episode,) = db.execute(
            "SELECT episode_id FROM turns WHERE made_by = 'template' ORDER BY id LIMIT 1"
        ).fetchone()
        made = dict(db.execute("SELECT made_by, count(*) FROM turns WHERE phase = 'err' GROUP BY made_by"))
    assert cli("replay", episode, "--verify", "--log", tmp_path / "a.db").exit_code == 0
    planted = made.get("template", 0)
    assert planted + made["model"] == 60  # 30 bases and 30 candidates
    assert planted == 30 if by_question else 0 < planted < 15  # right four times of four: 1 in 16


def test_where_nothing_can_be_planted_a_share_are_confirmations_and_the_others_are_rejected(tmp_path: Path) -> None:
    seeds = [
        seed.model_copy(update={"response": f"The answer is {seed.answer}."})
        for seed in bundled().seeds
        if seed.kind == "math"
    ]
    seeds = [Seed(**seed.model_dump()) for seed in seeds][:40]
    rows = exported(tmp_path, seeds, by_question=True)
    by_text = {seed.instruction: seed for seed in seeds}
    found = Counter((row["meta"]["label"], *told(row, _seed_of(row, by_text))) for row in rows)
    assert found["correction", False, True] == 20
    assert set(found) == {("correction", False, True), ("confirmation", True, True)}
    assert 1 <= found["confirmation", True, True] <= 6  # 15 % of 20 expected


def _seed_of(row: dict[str, Any], seeds: dict[str, Seed]) -> Seed:
    human = next(m["content"] for m in row["messages"] if m["role"] == "user")
    return next(seed for text, seed in seeds.items() if human.startswith(text))
