"""What a run came to, against numbers worked out by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from master_autogen.cli.summary import Shift, short_reason, spent, summarise
from master_autogen.log import CallTotal, LogWriter, open_log
from tests.test_log_rows import OTHER, PAIR, RUN, grade, lesson, plan, selection


@pytest.mark.parametrize(
    ("reason", "short"),
    [
        ("rejected: err: wrong_answer: says 12, which is right; failed: timeout: no reply", "err: wrong_answer"),
        ("failed: timeout: no whole reply within 5 s", "timeout: no whole reply within 5 s"),
        ("the group chat ended before the script did", "the group chat ended before the script did"),
        ("failed", "failed"),
    ],
)
def test_reasons_are_short_enough_to_be_counted(reason: str, short: str) -> None:
    assert short_reason(reason) == short


def total(**changes: object) -> CallTotal:
    made = CallTotal(round=1, purpose="turn", role="r", agent="a", model="m", calls=2, failed=1, prompt_tokens=10,
                     completion_tokens=4, estimated=1, cost=0.5, unpriced=0)  # fmt: skip
    return made.model_copy(update=changes)


def test_what_was_spent_is_a_sum_and_an_unknown_price_stays_unknown() -> None:
    assert spent([total(), total(cost=None, unpriced=2)]) == (4, 2, 20, 8, 2, 0.5, 2)
    assert spent([total(cost=None, unpriced=2)]).cost is None
    assert spent([]) == (0, 0, 0, 0, 0, None, 0)


def test_a_run_in_numbers(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with LogWriter(path) as log:
        log.begin_run(RUN)
        log.plan_round("run1", [plan(n) for n in range(1, 6)], [selection(), selection(OTHER)])
        log.record_selections([selection(PAIR, 2, 0.25), selection(OTHER, 2, 0.75)])
        for number, pi in ((1, 0.5), (2, 0.25), (3, 1.0)):
            made = lesson(number)
            graded = grade(made.plan, 1, pi).model_copy(update={"ifd_small": None, "ifd_large": 0.8 * pi})
            log.finish_lesson(made.model_copy(update={"grades": (graded,)}))
        base = lesson(4).model_copy(update={"selected_episode_id": plan(4).episodes[0].id, "grades": ()})
        log.finish_lesson(base)
        log.finish_lesson(
            lesson(5).model_copy(update={"status": "failed", "selected_episode_id": None, "reason": "down"})
        )
    summary = summarise(open_log(path), "run")
    (found,) = summary.selected
    assert summary.lessons.statuses == {"correction": {"accepted": 4, "failed": 1}}
    assert summary.reasons == {("failed", "down"): 1}
    assert (found.scenario, found.lessons, found.graded, found.pi_median) == ("correction", 4, 3, 0.5)
    assert found.pi_mean == pytest.approx(1.75 / 3)
    assert found.ifd_mean == pytest.approx(0.8 * 1.75 / 3)
    assert (found.right, found.wrong, found.unread) == (0, 4, 0)  # the turn's first attempt counts, which was wrong
    assert summary.shifts == {("correction", "math"): [Shift(PAIR, 0.5, 0.25), Shift(OTHER, 0.5, 0.75)]}
    assert summary.lessons.seeds == 5
    assert summary.lessons.best is not None
    assert summary.lessons.best.selected_episode_id == "run1-1-3-e1"
