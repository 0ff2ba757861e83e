"""The benchmark of the misconceptions: what it counts on known seeds, and that it sees each fault."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from master_autogen.records import MISCONCEPTIONS, Seed
from master_autogen.seeds import bundled

ROOT = Path(__file__).parent.parent
CARS = Seed(
    instruction="Tim has 14 toy cars and buys 8 more. Then he gives 5 away. How many toy cars does he have now?",
    response="Tim buys 8 more, so he has 14 + 8 = 22 toy cars. After giving 5 away he has 22 - 5 = 17 toy cars. "
    "The answer is 17.",
    answer="17",
    kind="math",
)


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import malrules

    return malrules


def test_the_bundled_seeds_take_mistakes_without_a_fault(benchmark: ModuleType) -> None:
    seeds = [seed for seed in bundled().seeds if seed.kind == "math" and seed.checkable][:12]
    measured = benchmark.measure(seeds)
    assert (measured["seeds"], measured["readable"], measured["changed"], measured["faults"]) == (12, 12, 12, {})
    assert list(measured["rules"]) == list(MISCONCEPTIONS)


@pytest.mark.parametrize(
    ("name", "text", "faults"),
    [
        ("operation", "He has 14 + 8 = 22 cars, then 22 + 5 = 27 cars. The answer is 27.", []),
        ("carry", "He has 14 + 8 = 12 cars, then 12 - 5 = 7 cars. The answer is 7.", []),
        ("operation", "He has 14 + 8 = 22 cars, then 22 - 5 = 17. The answer is 17.", ["right", "holds the answer"]),
        ("operation", "He has some cars.", ["could not tell"]),
        ("operation", "He has 14 + 8 = 12 cars. The answer is 12.", ["false equations"]),
        ("carry", "He has 14 + 8 = 22 cars. The answer is 22.", ["false equations"]),
        ("operation", "He has 5 - 14 = -9 cars. The answer is -9.", ["negative"]),
        ("operation", "He has 14 / 8 = 1.75 cars. The answer is 1.75.", ["broken"]),
    ],
)
def test_each_fault_is_seen(benchmark: ModuleType, name: str, text: str, faults: list[str]) -> None:
    assert list(benchmark.faults_of(name, text, CARS)) == faults


def test_the_command_counts_by_rule(tmp_path: Path) -> None:
    data = tmp_path / "seeds.jsonl"
    data.write_text(json.dumps({"question": CARS.instruction, "answer": CARS.response}) + "\n", encoding="utf-8")
    command = [sys.executable, "benchmarks/malrules.py", str(data)]
    table = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert table[0] == "1 seeds, 1 with a worked solution that can be read"
    assert table[3] == "operation             1   100.0%          1"
    assert table[-3:] == ["any                   1   100.0%", "", "faults in 15 texts: none"]
    found = json.loads(subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, check=True).stdout)
    assert found["rules"]["off_by_one"] == {"seeds": 1, "solutions": 2}
