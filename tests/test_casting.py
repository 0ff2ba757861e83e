"""Casts: drawn as selection says, the base pairs in turns, the similar question never an opening one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from master_autogen.casting import SimilarQuestions, cast_lesson, check_cast, is_opening, likeness, plan_lesson
from master_autogen.embedding import HashingEmbedder
from master_autogen.errors import UserError
from master_autogen.pool import read_pool
from master_autogen.records import Pair, Seed
from master_autogen.scenario import read_scenario
from tests.kit import APPLES, PEARS, scripted_pool


def test_candidates_are_drawn_by_the_probabilities() -> None:
    pool, scenario = scripted_pool(), read_scenario("error_correction")
    drawn: Counter[Pair] = Counter()
    for i in range(2000):
        casts = cast_lesson(scenario, pool, [0.7, 0.1, 0.2, 0.0], position=0, candidates=2, key=("test", i))
        drawn.update(cast.pair for cast in casts[1:])
    shares = [drawn[pair] / 4000 for pair in pool.pairs]
    assert shares == pytest.approx([0.7, 0.1, 0.2, 0.0], abs=0.03)


def test_a_cast_says_who_plays_what_and_why() -> None:
    pool, scenario = scripted_pool(), read_scenario("error_correction")
    base, candidate = cast_lesson(scenario, pool, [0.0, 1.0, 0.0, 0.0], position=0, candidates=1, key=())
    assert (base.origin, base.probability, candidate.origin, candidate.probability) == ("base", None, "selection", 1.0)
    assert candidate.agents == {
        "teacher": "teacher_one",
        "slow_student": "student_hasty",
        "student": "student_hasty",
    }


def test_base_pairs_take_turns_by_lesson() -> None:
    pairs = [Pair(instruction="teacher_one", response=r) for r in ("student_careful", "student_hasty")]
    pool, scenario = scripted_pool(base_pairs=pairs), read_scenario("debate")
    bases = [cast_lesson(scenario, pool, [0.25] * 4, position=p, candidates=0, key=())[0].pair for p in range(3)]
    assert bases == [pairs[0], pairs[1], pairs[0]]


def test_a_worded_agent_cannot_play_a_phase_without_an_act() -> None:
    with pytest.raises(UserError) as caught:
        check_cast(read_scenario("rewriting"), read_pool("local", {}))
    assert str(caught.value) == (
        "pool 'local' cannot play scenario 'rewriting': its agent 'calm_teacher' only words what code lays down, "
        "and a phase of role 'rewriter' names no `act`; choose another pool with --pool"
    )


def test_lesson_ids_hang_on_run_round_scenario_and_seed() -> None:
    pool, scenario = scripted_pool(), read_scenario("debate")
    ids = {
        plan_lesson(scenario, pool, seed, number=number, run_id=run).id
        for seed in (APPLES, PEARS)
        for number in (1, 2)
        for run in ("a", "b")
    }
    assert len(ids) == 8
    one = plan_lesson(scenario, pool, APPLES, candidates=2)
    assert [episode.id for episode in one.episodes] == [f"{one.id}.{slot}" for slot in range(3)]


def _seed(instruction: str, response: str = "So 2 + 3 = 5. The answer is 5.", kind: str = "math") -> Seed:
    return Seed(instruction=instruction, response=response, kind=kind)  # type: ignore[arg-type]


def _not_opening(text: str, response: str = "So 2 + 3 = 5. The answer is 5.", kind: str = "math") -> Seed:
    """A seed of this text that the hash keeps as a similar question."""
    return next(s for n in range(99) if not is_opening(s := _seed(text + "?" * n, response, kind)))


def test_a_third_of_the_seeds_are_opening_questions() -> None:
    openings = sum(is_opening(_seed(f"Question {i}")) for i in range(3000))
    assert 900 < openings < 1100


def test_the_similar_question_has_the_same_operations_where_there_is_one() -> None:
    near_other = _not_opening("Ann has 12 red apples and eats 5 green apples", "So 12 - 5 = 7. The answer is 7.")
    far_same = _not_opening("A bus with 30 people stops and 12 people get in")
    opening = _seed("Ann has 14 red apples and buys 23 green apples")
    similar = SimilarQuestions([near_other, far_same], HashingEmbedder())
    assert similar.draw(opening, ("k",)) == far_same
    assert SimilarQuestions([near_other], HashingEmbedder()).draw(opening, ("k",)) == near_other


def test_neither_a_copy_nor_another_kind_nor_an_opening_question_is_similar() -> None:
    opening = _seed("Ann has 14 apples and buys 23 more apples.")
    copy = _not_opening("Ann has 14 apples and buys 23 more apples.")
    other = _not_opening("Ann has 14 apples and buys lemons", kind="general")
    first = next(s for n in range(99) if is_opening(s := _seed("Ann has apples" + "!" * n)))
    assert SimilarQuestions([copy, other, first], HashingEmbedder()).draw(opening, ("k",)) is None
    assert SimilarQuestions([], HashingEmbedder()).draw(opening, ("k",)) is None


TRAIN = "A train leaves {city} with {n} people. At the next stop {m} people get in. How many people are in it?"


def train(city: str, n: int, m: int) -> Seed:
    return _not_opening(TRAIN.format(city=city, n=n, m=m), f"{n} + {m} = {n + m}. The answer is {n + m}.")


def test_the_same_numbers_in_other_words_are_a_copy_and_other_numbers_in_the_same_words_are_not() -> None:
    opening, twin = train("Bonn", 40, 12), train("Bonn", 50, 17)
    copies = [
        train("Zurich", 40, 12),
        _not_opening("At a stop twelve people join the 40 in a train. How many are there", "40 + 12 = 52."),
    ]
    assert SimilarQuestions(copies, HashingEmbedder()).draw(opening, ("k",)) is None
    assert SimilarQuestions([*copies, twin], HashingEmbedder()).draw(opening, ("k",)) == twin
    assert [likeness(opening, copy).copy for copy in copies] == [True, True]


def test_almost_the_same_text_is_a_copy_whatever_its_numbers() -> None:
    """60 words of which one is another number: 58 three-grams each, 55 of them shared, Jaccard 55 / 61 = 0.90."""
    words = [f"word{i}" for i in range(60)]
    one, other = (_not_opening(" ".join([*words[:30], number, *words[31:]])) for number in ("14", "15"))
    found = likeness(one, other)
    assert (found.jaccard, found.other_numbers, found.copy) == (pytest.approx(55 / 61), True, True)
    half = _not_opening(" ".join([*words[:20], "15", *words[:20]]))
    assert not likeness(one, half).copy


def test_text_without_numbers_is_a_copy_above_the_band() -> None:
    poem, again, song = (
        _not_opening(text, "", "general")
        for text in ("Write a poem about rain", "About rain write a poem", "Write a song about rain and wind")
    )
    assert (likeness(poem, again).place, likeness(poem, again).copy) == ("above", True)
    assert (likeness(poem, song).place, likeness(poem, song).copy) == ("in", False)
    assert SimilarQuestions([again], HashingEmbedder()).draw(poem, ("k",)) is None


def test_structure_goes_first_then_the_band() -> None:
    opening = _seed("Ann buys 6 pens for 3 dollars each and pays with 50 dollars.", "6 * 3 = 18. 50 - 18 = 32.")
    same_far = _not_opening("Nine rows of 12 chairs, 7 broken", "9 * 12 = 108. 108 - 7 = 101.")
    same_near = _not_opening("Ann buys 8 pens for 4 dollars each, and pays 80 dollars", "8 * 4 = 32. 80 - 32 = 48.")
    swapped = _not_opening("Ann buys pens for 40 dollars less 5, for 2 people", "40 - 5 = 35. 35 * 2 = 70.")
    other = _not_opening("Ann buys pens for 5 dollars each and pays with 90", "90 + 5 = 95.")
    unread = _not_opening("Ann buys 3 pens for 2 dollars each and pays with 20", "It is plain.")
    ranked = [same_near, same_far, swapped, other]
    for i, best in enumerate(ranked):
        drawn = {SimilarQuestions([*ranked[i:], unread], HashingEmbedder()).draw(opening, ("k", n)) for n in range(9)}
        assert drawn == {best} if i < 3 else drawn == {other, unread}
    assert [likeness(opening, seed).structure for seed in (*ranked, unread)] == [
        "same steps", "same steps", "same operations", "other operations", "unknown",
    ]  # fmt: skip
    assert str(likeness(opening, same_far)) == ("same steps, other numbers, cosine 0.00 (below the band), Jaccard 0.00")


def test_a_solution_without_steps_is_of_no_known_structure() -> None:
    """Two of them do not count as solved alike."""
    opening, plain = _seed("Ann has 3 cats", "It is plain."), _not_opening("Two dogs", "It is plain, too.")
    assert likeness(opening, plain).structure == "unknown"


def test_hashed_words_find_what_shares_words() -> None:
    texts = ["Seven ducks swim on the pond.", "How many ducks are on a pond?", "Write a poem about rain.", ""]
    vectors = HashingEmbedder().embed(texts)
    assert vectors.shape == (4, 512)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1, 0])
    assert vectors[0] @ vectors[1] > 0.4 > 0.2 > vectors[0] @ vectors[2]


def test_half_of_the_candidates_are_drawn_by_the_memory_bank_where_it_knows_something() -> None:
    pool, scenario = scripted_pool(), read_scenario("debate")
    more = {"position": 0, "candidates": 5, "key": ("bank",)}
    casts = cast_lesson(scenario, pool, [1.0, 0.0, 0.0, 0.0], remembered=[0.0, 0.0, 0.0, 1.0], **more)  # type: ignore[arg-type]
    assert [(cast.origin, cast.pair == pool.pairs[3]) for cast in casts[1:]] == [
        ("memory_bank", True), ("memory_bank", True), ("selection", False), ("selection", False), ("selection", False),
    ]  # fmt: skip
    unknown = cast_lesson(scenario, pool, [1.0, 0.0, 0.0, 0.0], **more)  # type: ignore[arg-type]
    assert {cast.origin for cast in unknown[1:]} == {"selection"}
