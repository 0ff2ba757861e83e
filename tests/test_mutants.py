"""The rules that matter are held by tests: each is broken once, on a copy of the tree, and a test has to notice."""

from pathlib import Path

import pytest

from master_autogen.records import CHECKS
from tests.mutants import main, mutants


def test_every_check_has_a_mutant() -> None:
    of_checks = [mutant for mutant in mutants() if mutant.file.startswith("checks/")]
    broken = {mutant.rule.partition(":")[0] for mutant in of_checks} | {Path(mutant.file).stem for mutant in of_checks}
    assert [name for name in CHECKS if name not in broken] == []


@pytest.mark.slow
def test_every_mutant_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0, capsys.readouterr().out
