"""The rules that matter are held by tests: each is broken once, on a copy of the tree, and a test has to notice."""

import pytest

from tests.mutants import main


@pytest.mark.slow
def test_every_mutant_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0, capsys.readouterr().out
