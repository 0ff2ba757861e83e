"""Selection rules against numbers worked out by hand."""

import pytest

from master_autogen.selection import Arm, paper, seen, start, uniform


def test_paper_is_equation_8_step_by_step() -> None:
    # 0.5 + 1.0 = 1.5 of 2.0 -> 0.75, 0.25; then 0.25 + 0.5 = 0.75 of 1.5 -> 0.5, 0.5
    assert paper([0.5, 0.5], [(0, 1.0)], beta=1.0) == [0.75, 0.25]
    assert paper([0.5, 0.5], [(0, 1.0), (1, 0.5)], beta=1.0) == pytest.approx([0.5, 0.5])
    assert paper([0.25] * 4, [(2, 0.5)], beta=0.02) == pytest.approx([0.25 / 1.01] * 2 + [0.26 / 1.01, 0.25 / 1.01])


def test_paper_with_no_reward_changes_nothing() -> None:
    assert paper([0.2, 0.8], [(0, 0.0)]) == [0.2, 0.8]
    assert paper([0.2, 0.8], []) == [0.2, 0.8]


def test_paper_refuses_what_is_no_reward() -> None:
    with pytest.raises(ValueError, match=r"^a reward of -0\.1 for arm 1; rewards lie in \[0, 1\]$"):
        paper([0.5, 0.5], [(1, -0.1)])


def test_pairs_pulled_alike_approach_their_shares_of_the_reward() -> None:
    probabilities = start(2)
    for _ in range(400):
        probabilities = paper(probabilities, [(0, 0.9), (1, 0.1)], beta=0.02)
    assert probabilities == pytest.approx([0.9, 0.1], abs=0.01)


def test_uniform_learns_nothing() -> None:
    assert uniform([0.9, 0.1], [(0, 1.0)] * 50) == [0.5, 0.5]


def test_pulls_and_rewards_are_counted_by_arm() -> None:
    assert seen(3, [(0, 0.5), (2, 1.0), (0, 0.25)]) == [Arm(2, 0.75), Arm(0, 0.0), Arm(1, 1.0)]
