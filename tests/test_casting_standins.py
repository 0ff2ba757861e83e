"""Who plays where an agent's endpoint is dead."""

from __future__ import annotations

import pytest

from master_autogen.casting import NobodyLeft, plan_lesson, stand_ins
from master_autogen.pool import Pool
from master_autogen.records import Pair
from master_autogen.scenario import read_scenario
from tests.kit import APPLES, scripted_pool

SCENARIO = read_scenario("error_correction")


def _pool() -> Pool:
    return scripted_pool(
        instruction=["teacher_one", "teacher_two"],
        response=["student_careful", "student_hasty", "judge"],
        fixed={"slow_student": "student_hasty"},
    )


def test_with_nobody_out_the_plan_stays() -> None:
    plan = plan_lesson(SCENARIO, _pool(), APPLES, candidates=3)
    assert stand_ins(SCENARIO, _pool(), plan, set()) is plan
    assert stand_ins(SCENARIO, _pool(), plan, {"somebody_else"}) is plan


def test_the_others_of_the_same_side_stand_in_drawn_by_the_lesson() -> None:
    pool = _pool()
    found = set()
    for number in range(1, 9):
        plan = plan_lesson(SCENARIO, pool, APPLES, candidates=6, number=number, probabilities=[0, 0, 0, 1, 0, 0])
        assert {e.cast.pair for e in plan.episodes[1:]} == {Pair(instruction="teacher_two", response="student_careful")}
        made = stand_ins(SCENARIO, pool, plan, {"student_careful"})
        assert made == stand_ins(SCENARIO, pool, plan, {"student_careful"})
        assert [e.id for e in made.episodes] == [e.id for e in plan.episodes]
        for episode in made.episodes[1:]:
            cast = episode.cast
            assert (cast.pair.instruction, cast.origin, cast.probability) == ("teacher_two", "selection", None)
            assert cast.agents == {
                "teacher": "teacher_two",
                "slow_student": "student_hasty",
                "student": cast.pair.response,
            }
            found.add(cast.pair.response)
    assert found == {"student_hasty", "judge"}


def test_a_cast_that_is_whole_keeps_its_probability() -> None:
    plan = plan_lesson(SCENARIO, _pool(), APPLES, candidates=1, probabilities=[0, 0, 0, 0, 0, 1])
    made = stand_ins(SCENARIO, _pool(), plan, {"teacher_one"})
    assert made.episodes[0].cast.pair == Pair(instruction="teacher_two", response="student_careful")
    assert made.episodes[1] == plan.episodes[1]


def test_a_base_pair_is_replaced_by_another_base_pair_first() -> None:
    pairs = [Pair(instruction="teacher_one", response=r) for r in ("student_careful", "judge")]
    pool = _pool().model_copy(update={"base_pairs": pairs})
    for number in range(1, 9):
        plan = plan_lesson(SCENARIO, pool, APPLES, candidates=0, number=number)
        [base] = stand_ins(SCENARIO, pool, plan, {"student_careful"}).episodes
        assert base.cast.pair == pairs[1]


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ({"student_hasty"}, "nobody can play 'slow_student' in place of agent 'student_hasty'"),
        ({"teacher_one", "teacher_two"}, "nobody can play 'teacher' in place of agent 'teacher_one'"),
    ],
)
def test_nobody_left(out: set[str], message: str) -> None:
    plan = plan_lesson(SCENARIO, _pool(), APPLES, candidates=1)
    with pytest.raises(NobodyLeft) as caught:
        stand_ins(SCENARIO, _pool(), plan, out)
    assert str(caught.value) == message
