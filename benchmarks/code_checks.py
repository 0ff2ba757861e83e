"""How well and how fast programs are checked: HumanEval's solutions have to pass, and broken ones must not.

    python benchmarks/code_checks.py HumanEval.jsonl            # about a minute on two cores
    python benchmarks/code_checks.py HumanEval.jsonl --mode bwrap --json

The file is that of openai/human-eval. Each solution is checked as it is, as a body alone (what a base model writes
under the question), and broken in three ways: `return None` put first, an exit put first, and its tests left unrun by
`os._exit(0)` at the end of the program.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections import Counter

from master_autogen.checks.code import judge_code
from master_autogen.records import CodeCheck, Seed
from master_autogen.seeds import load_seeds


def variants(seed: Seed) -> dict[str, str]:
    program = seed.response.removeprefix("```python\n").removesuffix("```")
    head = seed.instruction.strip()
    body = program.strip()[len(head) :]
    return {
        "solution": seed.response,
        "body alone": body,
        "return None first": f"```python\n{head}\n    return None\n{body}\n```",
        "exit first": f"```python\n{head}\n    raise SystemExit(0)\n{body}\n```",
        "exit before the tests": f"```python\n{program}\nimport os\nos._exit(0)\n```",
    }


def measured(path: str, mode: CodeCheck) -> dict[str, object]:
    verdicts: dict[str, Counter[str]] = {}
    took: list[float] = []
    for seed in load_seeds(path, preset="humaneval").seeds:
        for name, text in variants(seed).items():
            began = time.perf_counter()
            right, _ = judge_code(text, seed, mode)
            took.append(1000 * (time.perf_counter() - began))
            said = {True: "passes", False: "fails", None: "could not tell"}[right]
            verdicts.setdefault(name, Counter())[said] += 1
    return {
        "mode": mode,
        "verdicts": {name: dict(found) for name, found in verdicts.items()},
        "median ms": round(statistics.median(took)),
        "95 % under ms": round(statistics.quantiles(took, n=20)[-1]),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--mode", choices=("rlimit", "bwrap"), default="rlimit")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measured(options.file, options.mode)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        lines = value.items() if isinstance(value, dict) else [(name, value)]
        for key, what in lines:
            print(f"{key:24}{what}")


if __name__ == "__main__":
    main()
