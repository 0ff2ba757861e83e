"""Selection rules against numbers worked out by hand, and what all of them have in common."""

import subprocess
import sys
from collections.abc import Sequence

import pytest

from master_autogen.records import Pair
from master_autogen.selection import RULES, Arm, Past, enough, paper, start, uniform, wilson

PAIRS = [Pair(instruction=i, response=r) for i in ("kind", "strict") for r in ("hasty", "careful")]


def test_paper_is_equation_8_step_by_step() -> None:
    # 0.5 + 1.0 = 1.5 of 2.0 -> 0.75, 0.25; then 0.25 + 0.5 = 0.75 of 1.5 -> 0.5, 0.5
    assert paper([0.5, 0.5], [(0, 1.0)], beta=1.0) == [0.75, 0.25]
    assert paper([0.5, 0.5], [(0, 1.0), (1, 0.5)], beta=1.0) == pytest.approx([0.5, 0.5])
    assert paper([0.25] * 4, [(2, 0.5)], beta=0.02) == pytest.approx([0.25 / 1.01] * 2 + [0.26 / 1.01, 0.25 / 1.01])


def test_paper_with_no_reward_changes_nothing() -> None:
    assert paper([0.2, 0.8], [(0, 0.0)]) == [0.2, 0.8]
    assert paper([0.2, 0.8], []) == [0.2, 0.8]


def test_wilsons_interval_by_hand() -> None:
    # Four rewards of mean 1/4: z^2/4 = 0.96036; (0.25 + 0.48018 -+ sqrt(0.96036 * 0.1875 + 0.96036^2 / 4)) / 1.96036
    assert wilson(Arm(4, 1.0)) == (pytest.approx(0.0456, abs=1e-4), pytest.approx(0.6994, abs=1e-4))
    # Three rewards of 0 do not prove that there is never one: 1.28049 / 2.28049
    assert wilson(Arm(3, 0.0)) == (0.0, pytest.approx(0.5615, abs=1e-4))
    assert wilson(Arm(3, 3.0)) == (pytest.approx(0.4385, abs=1e-4), 1.0)
    assert wilson(Arm(0, 0.0)) is None


@pytest.mark.parametrize("rule", ["paper", "uniform"])
def test_rules_without_a_posterior_give_wilsons_interval_of_all_rounds(rule: str) -> None:
    found = RULES[rule](Past(PAIRS, [[(0, 1.0), (0, 0.0)], [(0, 0.0), (0, 0.0), (2, 0.5)]]))
    assert found.intervals == [wilson(Arm(4, 1.0)), None, wilson(Arm(1, 0.5)), None]


def test_pairs_pulled_alike_approach_their_shares_of_the_reward() -> None:
    probabilities = start(2)
    for _ in range(400):
        probabilities = paper(probabilities, [(0, 0.9), (1, 0.1)], beta=0.02)
    assert probabilities == pytest.approx([0.9, 0.1], abs=0.01)


def test_the_rule_paper_goes_on_from_round_to_round() -> None:
    past = Past(PAIRS, rounds=[[(0, 1.0)], [], [(3, 0.5), (0, 0.2)]], beta=0.1)
    assert RULES["paper"](past).probabilities == paper(start(4), [(0, 1.0), (3, 0.5), (0, 0.2)], beta=0.1)


def test_uniform_learns_nothing() -> None:
    assert uniform([0.9, 0.1], [(0, 1.0)] * 50) == [0.5, 0.5]
    assert RULES["uniform"](Past(PAIRS, rounds=[[(0, 1.0)]])).probabilities == [0.25] * 4


def test_pulls_and_rewards_are_counted_by_arm() -> None:
    past = Past(PAIRS[:3], [[(0, 0.5), (2, 1.0)]], [(1, 0.5)])
    past.fold([(0, 0.25)], [(1, 0.25)])
    assert past.arms == [Arm(2, 0.75), Arm(0, 0.0), Arm(1, 1.0)]
    assert past.spent == [(0, 0.0), (2, 0.75), (0, 0.0)]


@pytest.mark.parametrize("rule", RULES)
def test_rounds_folded_one_by_one_give_what_all_at_once_give(rule: str) -> None:
    rounds = [[(i % 4, ((7 * i + n) % 10) / 10) for i in range(30 + n)] for n in range(6)]
    costs = [[(i, 0.001 * (i + n + 1)) for i in range(4)] for n in range(6)]
    grown = Past(PAIRS)
    for n, (rewards, spent) in enumerate(zip(rounds, costs, strict=True)):
        grown.fold(rewards, spent)
        grown.key = ("round", n)
        whole = Past(PAIRS, rounds[: n + 1], [c for some in costs[: n + 1] for c in some], key=("round", n))
        assert RULES[rule](grown) == RULES[rule](whole)


def test_a_rule_goes_through_every_round_once() -> None:
    past, gone_through = Past(PAIRS, [[(0, 1.0)], [(1, 0.5)]]), []

    def step(state: int, arms: Sequence[int], rewards: Sequence[float]) -> int:
        gone_through.append((list(arms), list(rewards)))
        return state + len(arms)

    assert past.state("mine", int, step) == 2
    past.fold([(2, 0.25), (2, 0.75)])
    assert past.state("mine", int, step) == past.state("mine", int, step) == 4
    assert gone_through == [([0], [1.0]), ([1], [0.5]), ([2, 2], [0.25, 0.75])]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("rounds", [[], [[]], [[], []]])
def test_what_has_not_been_seen_is_cast_uniformly(rule: str, rounds: list[list[tuple[int, float]]]) -> None:
    selection = RULES[rule](Past(PAIRS, rounds, key=(0, "debate", "math", 1)))
    assert selection.probabilities == [0.25] * 4
    assert (selection.rule, selection.note) == (rule, None)


@pytest.mark.parametrize("rule", [name for name in RULES if name != "uniform"])
@pytest.mark.parametrize("reward", [-0.1, 1.5, float("nan")])
def test_what_is_no_reward_is_refused(rule: str, reward: float) -> None:
    costs = [(arm, 0.1) for arm in range(4)]
    with pytest.raises(ValueError, match=r"^a reward of (-0\.1|1\.5|nan) for arm 1; rewards lie in \[0, 1\]$"):
        RULES[rule](Past(PAIRS, [[(0, 0.0), (1, reward)]], costs))


@pytest.mark.parametrize(
    ("probabilities", "candidates"),
    [
        ([0.25] * 4, 5),
        ([0.45, 0.55], 4),  # 0.45^3 = 0.091 > 0.05 >= 0.45^4 = 0.041
        ([0.632, 0.368], 3),  # 0.368^3 = 0.0498
        ([0.9, 0.1], 2),
        ([0.96, 0.04], 2),
        ([1.0, 0.0], 2),
    ],
)
def test_fewer_candidates_are_enough_where_selection_is_sure(probabilities: list[float], candidates: int) -> None:
    assert enough(probabilities) == candidates


def test_candidates_stay_within_their_bounds() -> None:
    assert enough([0.25] * 4, most=3) == 3
    assert enough([0.96, 0.04], least=1) == 1
    assert enough([0.9, 0.1], least=1) == 2


def test_the_rules_are_named_without_loading_numpy() -> None:
    code = "import sys; from master_autogen.selection import RULES, enough; print(sorted({'numpy', 'pydantic'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
