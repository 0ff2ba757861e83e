"""Every benchmark starts, does its job at the smallest size and prints JSON; what it measures is not looked at here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.test_malrules_benchmark import CARS
from tests.test_seeds_programs import HUMANEVAL

Done = subprocess.CompletedProcess[str]
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


@pytest.fixture(scope="module")
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Done]]]:
    """Of the benchmarks that are tested, all are started, two at a time: most take one core."""
    names = [item.callspec.params["name"] for item in request.session.items if item.name.startswith("test_it_runs[")]
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(start, name, tmp_path_factory.mktemp(name)) for name in names}
        pool.shutdown(cancel_futures=True)


def start(name: str, folder: Path) -> Done:
    solved = {"question": CARS.instruction, "answer": CARS.response}
    for file, row in (("programs.jsonl", HUMANEVAL), ("solved.jsonl", solved)):
        (folder / file).write_text(json.dumps(row) + "\n", encoding="utf-8")
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *SMALLEST[name].split(), "--json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALLEST)
def test_it_runs(name: str, done: dict[str, Future[Done]]) -> None:
    ended = done[name].result()
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert json.loads(ended.stdout)
