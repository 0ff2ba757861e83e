"""A pair that was made the best is found by whole runs through the command line (`benchmarks/planted_winner.py`)."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest

from master_autogen.log import get_run, open_log, run_lessons
from master_autogen.pool import read_pool
from tests.cli_kit import cli

ROOT = Path(__file__).parent.parent


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import planted_winner

    return planted_winner


def test_nobody_tells_selection_who_was_planted(
    planted: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lessons of four turns, and grades by the lesson's own checks, judge and scorers."""
    monkeypatch.chdir(tmp_path)
    Path("seeds.jsonl").write_text("".join(planted.json.dumps(row) + "\n" for row in planted.questions(4)))
    cli("run", "error_correction", "--pool", planted.POOL, "--seeds", "seeds.jsonl", "--log", "a.db", "--quiet")
    with closing(open_log("a.db")) as db:
        lessons = list(run_lessons(db, get_run(db).id))
    assert Counter(lesson.plan.task_type for lesson in lessons) == {"math": 2, "code": 2}
    complete = [episode for lesson in lessons for episode in lesson.episodes if episode.status == "complete"]
    assert {len(episode.turns) for episode in complete} == {4}
    grades = [grade for lesson in lessons for grade in lesson.grades if grade.pi is not None]
    assert grades
    assert {grade.basis for grade in grades} == {"dual"}
    assert {grade.evaluator for grade in grades} == {"judge:pairwise/reader+learned_reader"}
    assert set(read_pool(str(planted.POOL)).pairs) > set(planted.PLANTED.values())


def test_the_planted_pairs_are_found(planted: ModuleType) -> None:
    """One random seed, half the length; each kind has a winner of its own."""
    run = planted.play("thompson", 1, 140, 20)
    assert [course.kind for course in run.courses] == ["math", "code"]
    assert all(len(course.probabilities) == 8 for course in run.courses)  # as seven rounds are cast, and after them
    assert all(course.probabilities[0] == pytest.approx(1 / 9) for course in run.courses)
    assert run.both
    assert run.kept


@pytest.mark.slow
def test_the_planted_pairs_are_found_in_nineteen_runs_of_twenty(planted: ModuleType) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(lambda random_seed: planted.play("thompson", random_seed, 300, 20), range(1, 21)))
    assert planted.total(runs)["found_both"] >= 19
