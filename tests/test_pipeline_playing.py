"""What a worker process needs to play: its share of the calls at once, the sums of all, the user's checks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from master_autogen.checks import own_checks
from master_autogen.errors import UserError
from master_autogen.pipeline import playing
from master_autogen.pipeline.limits import SharedSums
from master_autogen.pipeline.playing import Elsewhere, fewest, share
from master_autogen.pipeline.run import Nobody
from master_autogen.pool import ModelSpec
from master_autogen.scenario import read_scenario
from tests import kit
from tests.cli_kit import write_inputs
from tests.test_cli_checks import CHECK
from tests.test_pipeline import inputs


def _narrow(model: ModelSpec, concurrency: int) -> ModelSpec:
    return model.model_copy(update={"limits": model.limits.model_copy(update={"concurrency": concurrency})})


def test_workers_know_the_checks_that_the_run_began_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_inputs(Path())
    Path("quiz.yaml").write_text(Path("quiz.yaml").read_text().replace("right_answer]", "names_its_answer]"))
    Path("my_checks.py").write_text(CHECK)
    with own_checks([Path("my_checks.py")]) as own:
        what = replace(inputs([]), scenarios=[read_scenario("quiz.yaml")])
    SharedSums.make(Path("spent"), 1)
    with pytest.raises(UserError) as unknown:
        Elsewhere(what, {}, 1, Path("spent"), None, None)(0, Nobody())
    assert str(unknown.value) == (
        "check 'names_its_answer' is not known in worker processes: it was registered in the process that began the "
        "run; put it into a file and name that with --checks"
    )
    changed = replace(what, own_checks=[own[0]._replace(sha256="0")])
    with playing._kept, pytest.raises(UserError) as other:
        Elsewhere(changed, {}, 1, Path("spent"), None, None)(0, Nobody())
    assert str(other.value) == "my_checks.py was changed while the run went on; the same command begins another run"


def test_calls_at_once_are_divided_and_add_up() -> None:
    models = {"a": _narrow(kit.scripted_pool().models["careful"], 8), "b": ModelSpec(provider="embedded", model="b")}
    pool = kit.scripted_pool(models=models | {"b": _narrow(models["b"], 5)})
    shares = [share(pool, place, 3) for place in range(3)]
    assert [part.models["a"].limits.concurrency for part in shares] == [3, 3, 2]
    assert [part.models["b"].limits.concurrency for part in shares] == [2, 2, 1]
    assert fewest(pool) == ("b", 5)  # a scripted model takes any number


def test_what_is_spent_is_added_up_over_processes(tmp_path: Path) -> None:
    SharedSums.make(tmp_path / "spent", 2)
    one, other = (SharedSums(tmp_path / "spent", place) for place in (0, 1))
    one.add(100, 0.5)
    other.add(20, 0.25)
    one.add(3, 0.125)
    assert one.total() == other.total() == (123, 0.875)
    SharedSums(tmp_path / "spent", 1).add(1, 0.0)  # in place of one that died
    assert one.total() == (124, 0.875)
