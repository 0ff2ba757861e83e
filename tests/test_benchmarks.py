"""Every benchmark starts, does its job at the smallest size and prints JSON; what it measures is not looked at here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_malrules_benchmark import CARS
from tests.test_seeds_programs import HUMANEVAL

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"

SMALLEST = {
    "answers": "",
    "code_checks": "programs.jsonl",
    "embedded": "--seeds 1 --runs 1",
    "log": "--lessons 400 --repeats 1",
    "malrules": "solved.jsonl",
    "memory_bank": "--sizes 200 --runs 5",
    "memory_bank_worth": "--worlds 2",
    "planted_winner": "--random-seeds 1 --rules paper --lessons 20",
    "selection": "--worlds stationary --repetitions 1 --seeds 500 --seeds-per-round 100 --plot plot.svg",
    "throughput": "--runs 1 --concurrency 256 --latency-ms 1",
}
"""The words that each is started with."""
ELSEWHERE = {"faults", "mock"}  # test_faults.py, and whatever starts the endpoint


def test_none_is_left_out() -> None:
    started = {path.stem for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text(encoding="utf-8")}
    assert started == {*SMALLEST, *ELSEWHERE}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLEST)
def test_it_runs(name: str, tmp_path: Path) -> None:
    solved = {"question": CARS.instruction, "answer": CARS.response}
    for file, row in (("programs.jsonl", HUMANEVAL), ("solved.jsonl", solved)):
        (tmp_path / file).write_text(json.dumps(row) + "\n", encoding="utf-8")
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *SMALLEST[name].split(), "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)
