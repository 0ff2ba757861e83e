"""What the command line's tests share: a way to call it, and a scenario, a pool and seeds small enough to know by heart."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from master_autogen.cli import main

UNSET = {"MASTER_AUTOGEN_BASE_URL": None, "MASTER_AUTOGEN_MODELS": None, "OPENAI_API_KEY": None}

SCENARIO = """\
name: quiz
title: Quiz
summary: The asker asks, the solver solves.
roles:
  asker: {title: Asker}
  solver: {title: Solver}
pair: {instruction: asker, response: solver}
phases:
  - name: ask
    role: asker
    side: human
    prompt: Ask for the first step.
    checks: [not_empty]
  - name: solve
    role: solver
    side: gpt
    train: true
    sees: [reference]
    prompt: "Solve it. A solution: {{ reference }}"
    checks: [not_empty, right_answer]
    retries: 1
"""
POOL = """\
name: tiny
summary: Two that solve, one of them wrongly.
models:
  knows:
    provider: scripted
    price: {prompt: 1, completion: 2}
    rules:
      - {when: 'A solution: (?P<reference>[^\\n]*)', say: ["{{ reference }}"]}
      - {when: '.', say: [Think of the first step.]}
  guesses:
    provider: scripted
    price: {prompt: 1, completion: 2}
    rules: [{when: '.', say: [The answer is 1.]}]
agents:
  host: {model: knows}
  right: {model: knows}
  wrong: {model: guesses}
instruction: [host]
response: [right, wrong]
base_pairs: [{instruction: host, response: BASE}]
"""


def cli(*arguments: object) -> Result:
    """What the command says to these arguments; an exception that is no message for the user comes out."""
    result = CliRunner(env=UNSET).invoke(main, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def lines(text: str) -> list[str]:
    """The lines without the spaces that fill them up."""
    return [line.rstrip() for line in text.splitlines()]


def write_inputs(folder: Path, *, base: str = "right", seeds: int = 4) -> list[str]:
    """quiz.yaml, tiny.yaml and seeds.jsonl; gives the arguments of `run` that play them."""
    (folder / "quiz.yaml").write_text(SCENARIO)
    (folder / "tiny.yaml").write_text(POOL.replace("BASE", base))
    rows = [
        {"instruction": f"What is {n} + {n}?", "response": f"{n} + {n} = {2 * n}. The answer is {2 * n}.",
         "answer": str(2 * n), "kind": "math"}
        for n in range(11, 11 + seeds)
    ]  # fmt: skip
    (folder / "seeds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return ["run", "quiz.yaml", "--pool", "tiny.yaml", "--seeds", "seeds.jsonl", "--candidates", "1", "--log", "a.db"]
