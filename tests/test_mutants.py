"""The rules that matter are held by tests: each is broken once, on a copy of the tree, and a test has to notice."""

import subprocess
import sys
from pathlib import Path

import pytest

from master_autogen.records import CHECKS
from tests.mutants import MUTANTS, misplaced, mutants


def test_every_check_has_a_mutant() -> None:
    of_checks = [mutant for mutant in mutants() if mutant.file.startswith("checks/")]
    broken = {mutant.rule.partition(":")[0] for mutant in of_checks} | {Path(mutant.file).stem for mutant in of_checks}
    assert [name for name in CHECKS if name not in broken] == []


def test_every_mutant_has_its_place_and_its_test() -> None:
    """What `make test-slow` would find after minutes."""
    tests = {path.name: path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py")}
    found = [(mutant.rule, misplaced(mutant)) for mutant in mutants()]
    assert [(rule, why) for rule, why in found if why is not None] == []
    named = [(mutant.rule, *mutant.test.partition("::")) for mutant in mutants()]
    assert [(rule, file, test) for rule, file, _, test in named if not _is_there(test, tests.get(file, ""))] == []


def _is_there(test: str, text: str) -> bool:
    return f"def {test.partition('[')[0]}(" in text if test else bool(text)


@pytest.mark.slow
def test_every_mutant_is_noticed() -> None:
    tried = subprocess.run([sys.executable, str(MUTANTS.with_suffix(".py"))], capture_output=True, text=True)
    assert tried.returncode == 0, _not_noticed(tried.stdout) + tried.stderr


def _not_noticed(printed: str) -> str:
    return "".join(line for line in printed.splitlines(keepends=True) if not line.startswith("noticed "))
