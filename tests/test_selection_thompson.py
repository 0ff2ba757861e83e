"""Thompson sampling by its probabilities: the posterior against hand and brute force, the draws, prices and the floor."""

import math
from collections import Counter

import numpy as np
import pytest

from master_autogen.records import Pair
from master_autogen.selection import RULES, Past
from master_autogen.selection.gaussian import (
    DRAWS,
    NOISE,
    SHARPNESS,
    Sums,
    best_shares,
    evidence,
    noise,
    normals,
    posterior,
    posterior_draws,
    prior,
)
from master_autogen.selection.thompson import arm_prices, per_cost, recall

PAIRS = [Pair(instruction=i, response=r) for i in ("kind", "strict") for r in ("hasty", "careful")]
# Prior covariances in noise variances: 1/0.1 for the level, 1/3 for each agent shared, 1/30 for the pair itself.
SAME, ONE_AGENT, NONE = 10 + 2 / 3 + 1 / 30, 10 + 1 / 3, 10.0


def sums(*rewards: tuple[int, float]) -> Sums:
    return recall(Past(PAIRS, [rewards])).known()


def test_the_prior_knows_which_agents_pairs_share() -> None:
    assert prior(PAIRS).covariance == pytest.approx(
        np.array(
            [
                [SAME, ONE_AGENT, ONE_AGENT, NONE],
                [ONE_AGENT, SAME, NONE, ONE_AGENT],
                [ONE_AGENT, NONE, SAME, ONE_AGENT],
                [NONE, ONE_AGENT, ONE_AGENT, SAME],
            ]
        )
    )


def test_one_reward_moves_every_pair_by_what_it_shares() -> None:
    # One pull of arm 0 that earned 1: the others move by their covariance with it, over its variance and the noise.
    mean, covariance = posterior(sums((0, 1.0)), prior(PAIRS))
    gain = 0.5 / (SAME + 1)
    assert mean[0] == pytest.approx([0.5 + gain * SAME, *[0.5 + gain * ONE_AGENT] * 2, 0.5 + gain * NONE])
    assert covariance[0, 0, 0] == pytest.approx(NOISE * (SAME - SAME**2 / (SAME + 1)))
    assert covariance[0, 3, 1] == pytest.approx(NOISE * (ONE_AGENT - NONE * ONE_AGENT / (SAME + 1)))


def test_opposite_rewards_of_pairs_that_share_nothing() -> None:
    # (SAME + 1) w + NONE v = 0.5 and NONE w + (SAME + 1) v = -0.5, so w = -v = 0.5 / (SAME + 1 - NONE) = 0.5 / 1.7.
    mean, _ = posterior(sums((0, 1.0), (3, 0.0)), prior(PAIRS))
    assert mean[0] == pytest.approx([0.5 + 0.7 * 0.5 / 1.7, 0.5, 0.5, 0.5 - 0.7 * 0.5 / 1.7])


def test_the_posterior_is_the_gaussian_one_of_each_reward() -> None:
    rewards = [(0, 0.9), (0, 0.4), (1, 0.0), (2, 0.7), (0, 1.0)]
    arms, values = np.array([arm for arm, _ in rewards]), np.array([reward for _, reward in rewards])
    known = prior(PAIRS).covariance
    weight = known[:, arms] @ np.linalg.inv(known[np.ix_(arms, arms)] + np.eye(5))
    mean, covariance = posterior(sums(*rewards), prior(PAIRS))
    assert mean[0] == pytest.approx(0.5 + weight @ (values - 0.5))
    assert covariance[0] == pytest.approx(noise(sums(*rewards))[0] * (known - weight @ known[arms]))


def test_the_interval_of_a_pair_is_the_posteriors() -> None:
    # The mean 0.5 + 0.5 SAME / (SAME + 1) = 0.957, the variance 0.05 SAME / (SAME + 1), and 1.96 deviations.
    first, second, _, last = RULES["thompson"](Past(PAIRS, [[(0, 1.0)]])).intervals
    half = 1.959964 * math.sqrt(0.05 * SAME / (SAME + 1))
    assert first == (pytest.approx(0.5 + 0.5 * SAME / (SAME + 1) - half), 1.0)  # a reward is never above 1
    assert (round(half, 3), round(first.low, 3)) == (0.419, 0.538)
    assert second is not None
    assert last is not None
    assert first.low > second.low > last.low  # the less a pair shares with what was seen


def test_before_the_first_reward_nothing_is_known_of_a_pair() -> None:
    for rule in ("thompson", "thompson-cost"):
        assert RULES[rule](Past(PAIRS, [[]])).intervals == ()


def test_it_is_said_that_rewards_no_longer_count() -> None:
    before, after = [(0, 0.9), (1, 0.1)] * 100, [(0, 0.1), (1, 0.9)] * 50
    assert RULES["thompson"](Past(PAIRS, [before])).note is None
    found = RULES["thompson"](Past(PAIRS, [before, after]))
    assert found.note == "the rewards changed: only the last 100 of 300 count"
    low, high = found.intervals[1] or (0, 0)
    assert low < 0.9 < high  # of what counts, not of all


def test_noise_is_pooled_within_the_arms() -> None:
    # 20 pulls' worth of 0.05; 0 and 1 of arm 0 have squares 0.5 about their mean, with one degree of freedom.
    assert noise(sums((0, 0.0), (0, 1.0), (1, 0.5)))[0] == pytest.approx((20 * 0.05 + 0.5) / 21)
    assert noise(sums((0, 1.0), (1, 0.0)))[0] == pytest.approx(0.05)


def test_evidence_is_the_marginal_likelihood() -> None:
    rewards = [(0, 1.0), (0, 0.5), (3, 0.0), (1, 0.25)]
    arms, off = np.array([arm for arm, _ in rewards]), np.array([reward for _, reward in rewards]) - 0.5
    spread = 0.05 * (np.eye(4) + prior(PAIRS).covariance[np.ix_(arms, arms)])
    likelihood = -0.5 * (off @ np.linalg.solve(spread, off) + np.linalg.slogdet(2 * math.pi * spread)[1])
    in_common = -0.5 * (off @ off / 0.05 + 4 * math.log(2 * math.pi * 0.05))
    assert evidence(sums(*rewards), np.array([0.05]), prior(PAIRS))[0] == pytest.approx(likelihood - in_common)


def test_probabilities_are_how_often_each_arm_wins_a_draw() -> None:
    past = Past(PAIRS, [[(0, 1.0), (1, 0.2), (2, 0.9), (3, 0.3)]], key=(7, "debate", "math", 2))
    draws = posterior_draws(*posterior(recall(past).known(), prior(PAIRS)), normals(4, *past.key))
    wins = Counter(max(range(4), key=lambda arm: draws[0, arm, i]) for i in range(DRAWS))
    found = RULES["thompson"](past)
    assert found.probabilities == [wins[arm] / DRAWS for arm in range(4)]
    assert sum(found.probabilities) == pytest.approx(1.0)
    assert (found.rule, found.note) == ("thompson", None)
    assert len([p for p in found.probabilities if p > 0.01]) >= 2


def test_two_arms_win_as_often_as_the_normal_distribution_says() -> None:
    mean, covariance = np.array([[0.5, 0.6]]), np.array([[[0.01, 0.0], [0.0, 0.01]]])
    shares = best_shares(posterior_draws(mean, covariance, normals(2, "two")))
    apart = 0.1 / (SHARPNESS * math.sqrt(0.02))
    assert shares[0, 1] == pytest.approx(0.5 * (1 + math.erf(apart / math.sqrt(2))), abs=0.02)


def test_the_draws_hang_on_the_key_alone() -> None:
    past = Past(PAIRS, [[(0, 1.0), (1, 0.6), (2, 0.9), (3, 0.7)]], key=(7, "debate", "math", 2))
    other = Past(PAIRS, [[(0, 1.0), (1, 0.6), (2, 0.9), (3, 0.7)]], key=(8, "debate", "math", 2))
    later = Past(PAIRS, [[(0, 1.0), (1, 0.6), (2, 0.9), (3, 0.7)]], key=(7, "debate", "math", 3))
    assert RULES["thompson"](past) == RULES["thompson"](past)
    assert RULES["thompson"](past) != RULES["thompson"](other)
    assert RULES["thompson"](past) != RULES["thompson"](later)


def test_the_draws_never_change() -> None:
    """Written down once: a log's selection can be worked out again on another day and another version of numpy."""
    first = [[0.6960489789217299, -1.0583134034130681], [1.3566545725680361, -0.2220052907758089]]
    assert normals(2, "key")[:, :2] == pytest.approx(np.array(first), abs=1e-12)


def test_an_agent_is_known_by_its_other_pairs() -> None:
    rewards = [(0, 0.9), (1, 0.1), (2, 0.9)] * 20  # nobody saw the strict with the careful
    mean, _ = posterior(sums(*rewards), prior(PAIRS))
    assert mean[0, 3] < 0.3 < 0.8 < mean[0, 0]


def test_a_pair_may_be_better_than_both_of_its_agents() -> None:
    rewards = [(0, 0.2), (1, 0.2), (2, 0.2), (3, 0.8)] * 100
    assert RULES["thompson"](Past(PAIRS, [rewards])).probabilities == [0, 0, 0, 1]


# Three arms by four draws: all above the floor, one below, one only in a quarter of the draws.
DREW = np.array([[[0.5, 0.5, 0.5, 0.5], [0.4, 0.4, 0.4, 0.34], [0.45, 0.1, 0.1, 0.1]]])


def test_the_cheapest_above_the_floor_is_worth_most() -> None:
    worth = per_cost(DREW, np.array([[1.0, 0.1, 0.01]]), 0.7)
    assert worth[0, 0] == pytest.approx([0.5, 0.5, 0.5, 0.5])
    assert worth[0, 1] == pytest.approx([4.0, 4.0, 4.0, -np.inf])
    assert (worth[0, 2] == -np.inf).all()  # above the floor too seldom for its price to count
    assert best_shares(worth)[0] == pytest.approx([0.25, 0.75, 0.0])


def test_a_floor_of_one_is_the_best_reward_at_any_price() -> None:
    assert best_shares(per_cost(DREW, np.array([[1.0, 0.1, 0.01]]), 1.0))[0] == pytest.approx([1.0, 0.0, 0.0])


def test_where_no_draw_promises_a_reward_prices_do_not_count() -> None:
    draws = np.array([[[-0.2, -0.2], [-0.1, -0.3]]])
    assert best_shares(per_cost(draws, np.array([[1.0, 0.001]]), 0.7))[0] == pytest.approx([0.5, 0.5])


MANY = [(0, 0.8), (1, 0.7), (2, 0.2), (3, 0.3)] * 50
COSTS = [(0, 0.02), (1, 0.002), (2, 0.0002), (3, 0.02)]


@pytest.mark.parametrize(
    ("floor", "cast"), [(0.95, [1, 0, 0, 0]), (0.7, [0, 1, 0, 0]), (0.1, [0, 0, 1, 0])], ids=["high", "usual", "low"]
)
def test_reward_per_dollar_above_a_floor(floor: float, cast: list[float]) -> None:
    found = RULES["thompson-cost"](Past(PAIRS, [MANY], COSTS, floor=floor))
    assert found.probabilities == pytest.approx(cast, abs=0.01)
    assert (found.rule, found.note) == ("thompson-cost", None)


@pytest.mark.parametrize(
    ("costs", "note"),
    [
        ([], "no price is known for kind + hasty, kind + careful and 2 more"),
        (COSTS[:3], "no price is known for strict + careful"),
        ([(arm, 0.0) for arm in range(4)], "no pair costs anything"),
    ],
)
def test_without_prices_reward_alone_decides_and_it_is_said(costs: list[tuple[int, float]], note: str) -> None:
    past = Past(PAIRS, [MANY], costs, key=("x",))
    found = RULES["thompson-cost"](past)
    assert (found.rule, found.note) == ("thompson", f"asked for was thompson-cost, but {note}")
    assert found.probabilities == RULES["thompson"](past).probabilities


def test_prices_are_mean_costs_and_those_of_kin_where_a_pair_was_never_played() -> None:
    played = [[(0, 0.5), (1, 0.5)]]
    assert arm_prices(Past(PAIRS, played, [(0, 0.01), (0, 0.03), (1, 0.04)])) == pytest.approx(
        [0.02, 0.04, 0.02, 0.04]  # arm 2 shares the hasty with arm 0, arm 3 the careful with arm 1
    )
    alone = [Pair(instruction=name, response=name) for name in "abc"]
    assert arm_prices(Past(alone, played, [(0, 0.02), (1, 0.04)])) == pytest.approx([0.02, 0.04, 0.03])
    assert arm_prices(Past(PAIRS, played, [(0, 0.0), (1, 0.04)])) == pytest.approx([0.00004, 0.04, 0.00004, 0.04])
