"""How far a judge can be trusted, in numbers worked out by hand."""

from __future__ import annotations

import math

import pytest

from master_autogen.grading.agreement import flip_rate, kappa, kappa_interval, length_correlation

OURS = ["better"] * 25 + ["worse"] * 25
THEIRS = ["better"] * 20 + ["worse"] * 5 + ["better"] * 10 + ["worse"] * 15


def test_the_flip_rate_is_the_share_of_pairs_that_the_order_decides() -> None:
    assert flip_rate([("better", "better"), ("better", "worse"), ("tie", "worse"), ("tie", "tie")]) == 0.5
    assert flip_rate([]) is None


def test_length_correlation_is_point_biserial() -> None:
    # Five winners 1 longer, five losers 1 shorter: means 1 and -1, spread 1, sqrt(5 * 5) / 10 = 1/2. So 2 * 1/2.
    assert length_correlation([1] * 5 + [-1] * 5, [True] * 5 + [False] * 5) == pytest.approx(1.0)
    assert length_correlation([-1] * 5 + [1] * 5, [True] * 5 + [False] * 5) == pytest.approx(-1.0)
    # Winners 4, 0; losers eight times 0: means 2 and 0, mean 0.4, variance (12.96 + 9 * 0.16) / 10 = 1.44, spread 1.2.
    # (2 - 0) / 1.2 * sqrt(2 * 8) / 10 = 2/3.
    assert length_correlation([4, 0] + [0] * 8, [True, True] + [False] * 8) == pytest.approx(2 / 3)


def test_length_correlation_has_no_value_for_too_few_pairs_or_none_that_differ() -> None:
    assert length_correlation([1, -1] * 4 + [1], [True, False] * 4 + [True]) is None  # nine
    assert length_correlation([3] * 10, [True, False] * 5) is None
    assert length_correlation([1, -1] * 5, [True] * 10) is None


def test_kappa_is_agreement_beyond_chance() -> None:
    # The textbook table 20, 5 / 10, 15: agreed 35/50 = 0.7; by chance (25 * 30 + 25 * 20) / 2500 = 0.5; so 0.4.
    assert kappa(OURS, THEIRS) == pytest.approx(0.4)
    assert kappa(["better", "tie", "worse"], ["better", "tie", "worse"]) == pytest.approx(1.0)
    assert kappa(["better", "worse"], ["worse", "better"]) == pytest.approx(-1.0)
    assert kappa([], []) is None
    assert kappa(["tie", "tie"], ["tie", "tie"]) is None  # chance alone would agree


def test_the_interval_of_kappa_is_the_same_every_time_and_as_wide_as_theory_says() -> None:
    found = kappa_interval(OURS, THEIRS)
    assert found is not None
    assert kappa_interval(OURS, THEIRS) == found
    assert kappa_interval(OURS, THEIRS, random_seed=1) != found
    # The large-sample standard error of this table: sqrt(0.7 * 0.3 / (50 * 0.5**2)) = 0.13 (Cohen's own estimate).
    error = math.sqrt(0.7 * 0.3 / (50 * 0.25))
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(error, rel=0.15)
    assert found.low < 0.4 < found.high
    assert kappa_interval(OURS[:9], THEIRS[:9]) is None
