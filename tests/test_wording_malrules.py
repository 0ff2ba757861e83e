"""Planted mistakes: each rule's exact output on a worked example, and what is thrown away."""

from __future__ import annotations

from fractions import Fraction

import pytest

from master_autogen.arithmetic import numbers, same_answer
from master_autogen.records import MISCONCEPTIONS, Seed
from master_autogen.wording.malrules import RULES, wrongs
from master_autogen.wording.slips import borrow_slip, carry_slip, counting_slip, misreadings, table_slip, zero_slip
from master_autogen.wording.worked import worked


def maths(question: str, response: str, answer: str) -> Seed:
    return Seed(instruction=question, response=f"{response} The answer is {answer}.", answer=answer, kind="math")


CARS = maths(
    "Tim has 14 toy cars and buys 8 more. Then he gives 5 away. How many toy cars does he have now?",
    "Tim buys 8 more, so he has 14 + 8 = 22 toy cars. After giving 5 away he has 22 - 5 = 17 toy cars.",
    "17",
)
SEATS = maths(
    "A train has 7 cars with 48 seats in each car. At a stop 9 of the seats are taken. How many seats are free?",
    "The train has 7 * 48 = 336 seats. There are 336 - 9 = 327 free seats.",
    "327",
)
CHAIRS = maths("There are 8 rows of 7 chairs. How many chairs?", "There are 8 * 7 = 56 chairs.", "56")
COAT = maths(
    "A coat costs 90 euros. It is 20% cheaper today. How many euros does it cost today?",
    "The coat gets cheaper by 90 * 20 / 100 = 18 euros. So it costs 90 - 18 = 72 euros.",
    "72",
)
SHOP = maths(
    "A pen costs $4, a book $11 and a bag $25. What do they cost together?",
    "Together they cost $4 + $11 + $25 = $40.",
    "40",
)
GARDEN = maths(
    "A garden is 24 metres long and 17 metres wide. How many metres is it around?",
    "A long and a short side measure 24 + 17 = 41 metres. All around it measures 41 * 2 = 82 metres.",
    "82",
)


LEFT = maths("Of 52 eggs 18 are eaten. How many are left?", "There are 52 - 18 = 34 eggs left.", "34")


TICKETS = maths(
    "A ticket costs 40 euros. 30 tickets are sold, and 200 euros are given. How many euros is that?",
    "The tickets cost 40 * 30 = 1200 euros. With the gift that is 1200 + 200 = 1400 euros.",
    "1400",
)
PENS = maths(
    "A box has 8 red and 4 blue pens. How many pens are in 3 boxes and 5 more pens?",
    "The boxes hold (8 + 4) * 3 = 36 pens. With the others there are 36 + 5 = 41 pens.",
    "41",
)
BEADS = maths("Ann has 7 beads and 4 bags of 6. How many beads has she?", "Ann has 7 + 4 * 6 = 31 beads.", "31")
APPLES = maths(
    "Of 60 apples 20 are eaten. 25% of the rest are red. How many are not red?",
    "There are 60 - 20 = 40 apples left. Of them 40 * 25% = 10 apples are red. The others are 40 - 10 = 30 apples.",
    "30",
)
AGES = maths(
    "Leah is 12 years old. Rachel is 5 years older than Leah. How old are both together?",
    "Rachel is 12 + 5 = 17 years old. Together they are 12 + 17 = 29 years old.",
    "29",
)
STAMPS = maths(
    "Ben has 14 stamps and Mia has 3 times as many. How many stamps have they together?",
    "Mia has 14 * 3 = 42 stamps. Together they have 14 + 42 = 56 stamps.",
    "56",
)
FILM = maths(
    "A film lasts 2 hours and the break lasts 15 minutes. How many minutes is that?",
    "An hour has 60 minutes. The film lasts 2 * 60 = 120 minutes. That is 120 + 15 = 135 minutes.",
    "135",
)


def texts(seed: Seed, rule: str) -> list[str]:
    solution = worked(seed)
    assert solution is not None
    return [wrong.text for wrong in wrongs(solution, seed.instruction).get(rule, [])]


EXAMPLES = (
    (
        "operation",
        CARS,
        [
            "Tim buys 8 more, so he has 14 + 8 = 22 toy cars. After giving 5 away he has 22 + 5 = 27 toy cars.",
        ],
    ),
    (
        "operation",
        SEATS,
        [
            "The train has 7 + 48 = 55 seats. There are 55 - 9 = 46 free seats.",
            "The train has 7 * 48 = 336 seats. There are 336 + 9 = 345 free seats.",
        ],
    ),
    (
        "misread",
        SEATS,
        [
            "The train has 7 * 84 = 588 seats. There are 588 - 9 = 579 free seats.",
            "The train has 7 * 43 = 301 seats. There are 301 - 9 = 292 free seats.",
        ],
    ),
    ("carry", SEATS, ["The train has 7 * 48 = 286 seats. There are 286 - 9 = 277 free seats."]),
    ("borrow", LEFT, ["There are 52 - 18 = 46 eggs left."]),
    ("times_table", CHAIRS, ["There are 8 * 7 = 63 chairs.", "There are 8 * 7 = 49 chairs."]),
    (
        "off_by_one",
        CARS,
        [
            "Tim buys 8 more, so he has 14 + 8 = 21 toy cars. After giving 5 away he has 21 - 5 = 16 toy cars.",
            "Tim buys 8 more, so he has 14 + 8 = 22 toy cars. After giving 5 away he has 22 - 5 = 18 toy cars.",
        ],
    ),
    (
        "used_twice",
        SEATS,
        ["The train has 7 * 48 = 336 seats. There are 336 - 9 - 9 = 318 free seats."],
    ),
    ("left_out", SHOP, ["Together they cost $4 + $25 = $29.", "Together they cost $4 + $11 = $15."]),
    ("stopped_early", SEATS, ["The train has 7 * 48 = 336 seats."]),
    ("skipped_step", CARS, ["After giving 5 away he has 14 - 5 = 9 toy cars."]),
    ("step_order", GARDEN, ["24 * 2 = 48. 48 + 17 = 65 metres."]),
    ("percent", COAT, ["So it costs 90 - 20 = 70 euros."]),
    (
        "zeros",
        TICKETS,
        [
            "The tickets cost 40 * 30 = 120 euros. With the gift that is 120 + 200 = 320 euros.",
        ],
    ),
    (
        "brackets",
        PENS,
        ["The boxes hold 8 + 4 * 3 = 20 pens. With the others there are 20 + 5 = 25 pens."],
    ),
    ("left_to_right", BEADS, ["Ann has 7 + 4 * 6 = 66 beads."]),
    (
        "percent_base",
        APPLES,
        [
            "There are 60 - 20 = 40 apples left. Of them 60 * 25% = 15 apples are red. "
            "The others are 40 - 15 = 25 apples.",
        ],
    ),
    ("part", APPLES, ["There are 60 - 20 = 40 apples left. Of them 40 * 25% = 10 apples are red."]),
    ("part", COAT, ["The coat gets cheaper by 90 * 20 / 100 = 18 euros."]),
    ("comparison", AGES, ["Together they are 12 + 5 = 17 years old."]),
    ("additive", STAMPS, ["Mia has 14 + 3 = 17 stamps. Together they have 14 + 17 = 31 stamps."]),
    ("unit", FILM, ["That is 2 + 15 = 17 minutes."]),
)


@pytest.mark.parametrize(("rule", "seed", "wrong"), EXAMPLES)
def test_each_rule(rule: str, seed: Seed, wrong: list[str]) -> None:
    assert texts(seed, rule) == wrong


def test_every_rule_is_tested() -> None:
    assert {rule for rule, _, _ in EXAMPLES} == set(RULES)


def test_what_is_known_of_a_mistake() -> None:
    solution = worked(SEATS)
    assert solution is not None
    (wrong,) = wrongs(solution, SEATS.instruction)["carry"]
    assert (wrong.name, wrong.step, wrong.final) == ("carry", 1, "277")
    assert wrong.facts == {"used": "*", "should": "*", "number": "48"}


def test_a_misread_number_changes_in_the_words_too() -> None:
    seed = maths(
        "Each box takes 12 eggs. How many boxes do 168 eggs fill?",
        "Each box takes 12 eggs, so they fill 168 / 12 = 14 boxes.",
        "14",
    )
    assert texts(seed, "misread") == ["Each box takes 21 eggs, so they fill 168 / 21 = 8 boxes."]


def test_a_value_with_two_meanings_is_not_carried_on() -> None:
    seed = maths(
        "Ann has 12 red and 3 blue pens and buys 15 more. How many pens has she?",
        "At first she has 12 + 3 = 15 pens. Now she has 15 + 15 = 30 pens.",
        "30",
    )
    assert texts(seed, "operation") == []


@pytest.mark.parametrize(
    ("question", "response", "answer"),
    [
        ("2 of 3 go. How many stay?", "There are 3 - 2 = 1 left.", "1"),  # 3 + 2 = 5 would be fine, 1 is the answer
        ("8 and 6?", "8 + 6 = 14.", "14"),
    ],
)
def test_no_wrong_solution_holds_the_answer(question: str, response: str, answer: str) -> None:
    seed = maths(question, response, answer)
    solution = worked(seed)
    assert solution is not None
    for some in wrongs(solution, question).values():
        for wrong in some:
            assert not any(same_answer(number.text, answer) for number in numbers(wrong.text))


def test_a_result_that_a_number_of_the_question_equals_is_not_pointed_at() -> None:
    seed = maths(
        "She makes 20 bags. She sells 15 at 6 dollars and 5 at 4 dollars. How many dollars does she get?",
        "She gets 15 * 6 = 90 dollars. Then she gets 5 * 4 = 20 dollars. That is 90 + 20 = 110 dollars.",
        "110",
    )
    solution = worked(seed)
    assert solution is not None
    found = wrongs(solution, seed.instruction)
    assert "used_twice" not in found
    assert [wrong.facts["number"] for wrong in found["operation"] if wrong.step == 3] == [""]


def test_times_as_many_is_told_by_its_words() -> None:
    solution = worked(STAMPS)
    assert solution is not None
    (wrong,) = wrongs(solution, STAMPS.instruction)["additive"]
    assert wrong.facts == {"used": "+", "should": "*", "number": "3", "told": "3 times as"}


def test_every_later_step_follows() -> None:
    seed = maths(
        "20 red and 8 blue pens go to 4 children. Ann has 30 besides. How many pens has she?",
        "There are 20 + 8 = 28 pens. A child gets 28 / 4 = 7 pens. Ann has 7 + 30 = 37 pens.",
        "37",
    )
    assert texts(seed, "operation")[0] == (
        "There are 20 - 8 = 12 pens. A child gets 12 / 4 = 3 pens. Ann has 3 + 30 = 33 pens."
    )


def test_a_mistake_that_does_not_change_the_answer_is_none() -> None:
    seed = maths(
        "Ann has 14 red and 8 blue pens, Bob has 12 and loses 5. How many has Bob?",
        "Ann has 14 + 8 = 22 pens. Bob has 12 - 5 = 7 pens.",
        "7",
    )
    assert texts(seed, "operation") == ["Ann has 14 + 8 = 22 pens. Bob has 12 + 5 = 17 pens."]


def test_a_repeated_result_follows_the_mistake() -> None:
    seed = maths(
        "Ann has 14 red and 8 blue pens. How many pens has she?",
        "All in all that is 14 + 8 = 22 pens. Ann has 22 pens.",
        "22",
    )
    assert texts(seed, "operation") == ["All in all that is 14 - 8 = 6 pens. Ann has 6 pens."]


def test_a_number_that_another_sentence_holds_is_not_misread() -> None:
    seed = maths("Bo has 24 pens and loses 8. Pens left?", "Bo had 24 pens. Now he has 24 - 8 = 16 pens.", "16")
    assert texts(seed, "misread") == []


@pytest.mark.parametrize(
    ("rule", "question", "response", "answer"),
    [
        # "5 more", but than nothing; 5 fewer added: no difference is taken for an amount
        ("comparison", "Leo has 12 cards and gets 5 more. Kim has 2. All?", "12 + 5 = 17. All: 17 + 2 = 19.", "19"),
        ("comparison", "Ann has 5 fewer than Leo. Ann has 12. All?", "Leo: 12 + 5 = 17. All: 12 + 17 = 29.", "29"),
        # twice a week is not twice as many
        ("additive", "Jo runs 8 miles twice a week. How many miles?", "8 * 2 = 16 miles.", "16"),
        # the percentage is of what was there at first, and nothing else was there before
        ("percent_base", "25% of 40 eggs break. How many?", "40 * 25% = 10 eggs.", "10"),
        # 60 is a number of the question
        ("unit", "60 minutes an hour for 2 hours and 5 minutes?", "2 * 60 = 120. 120 + 5 = 125.", "125"),
        # the part is another number than what was found before
        ("part", "Of 40 eggs 10 break. 2 more come.", "40 - 10 = 30. 30 + 2 = 32.", "32"),
        # without brackets the same
        ("brackets", "How many are 8 and twice 4?", "8 + (4 * 2) = 16.", "16"),
        ("left_to_right", "How many are twice 4 and 8?", "4 * 2 + 8 = 16.", "16"),
    ],
)
def test_where_a_rule_does_not_fit(rule: str, question: str, response: str, answer: str) -> None:
    seed = maths(question, response, answer)
    assert worked(seed) is not None
    assert texts(seed, rule) == []


def test_half_people_are_refused_half_litres_are_not() -> None:
    seed = maths(
        "17 people, 5 less, in 4 cars. What does it cost for 2?",
        "There are 17 - 5 = 12 people. That makes 12 / 4 = 3 people a car. For 2 it costs 3 / 2 = $1.50.",
        "$1.50",
    )
    assert texts(seed, "operation") == [  # not 17 + 5 = 22 and 22 / 4 = 5.5 people
        "There are 17 - 5 = 12 people. That makes 12 * 4 = 48 people a car. For 2 it costs 48 / 2 = $24.",
        "There are 17 - 5 = 12 people. That makes 12 - 4 = 8 people a car. For 2 it costs 8 / 2 = $4.",
        "There are 17 - 5 = 12 people. That makes 12 / 4 = 3 people a car. For 2 it costs 3 * 2 = $6.",
    ]
    seed = maths(
        "9 litres and 3 in 8 cans?", "There are 9 + 3 = 12 litres. So 12 / 8 = 1.5 litres are in a can.", "1.5"
    )
    assert texts(seed, "operation")[0] == "There are 9 - 3 = 6 litres. So 6 / 8 = 0.75 litres are in a can."


def test_nothing_negative_broken_or_single() -> None:
    seed = maths("Of 9 birds 8 fly away. How many stay?", "Of the birds 9 - 8 = 1 stays.", "1")
    assert texts(seed, "off_by_one") == []
    seed = maths("Share 35 nuts by 4. How many does each get, and how many with 1 more?", "35 + 1 = 36.", "36")
    assert all("." not in text.rstrip(".") for text in texts(seed, "operation"))


@pytest.mark.parametrize(
    ("a", "op", "b", "wrong"),
    [
        (48, "+", 36, [74]),
        (52, "-", 18, [46]),
        (6, "*", 45, [240]),
        (204, "-", 137, [133]),
        (8, "+", 6, []),  # too small to forget a carry
        (42, "+", 36, []),  # nothing to carry
        (120, "-", 75, []),  # 155 is more than there was
    ],
)
def test_digit_slips(a: int, op: str, b: int, wrong: list[int]) -> None:
    assert [*carry_slip(a, op, b), *borrow_slip(a, op, b)] == wrong


def test_zero_slips() -> None:
    assert list(zero_slip(20, "*", 30)) == [60]
    assert list(zero_slip(40, "*", 6)) == [2400]
    assert list(zero_slip(10, "*", 6)) == []  # nobody loses the zero of ten
    assert list(zero_slip(420, "/", 7)) == [6]
    assert list(zero_slip(45, "/", 5)) == []


def test_table_and_counting_slips() -> None:
    assert list(table_slip(7, "*", 6)) == [48, 36]
    assert list(table_slip(42, "/", 6)) == [8, 6]
    assert list(table_slip(2, "*", 6)) == []
    assert list(table_slip(6, "*", 10)) == list(table_slip(66, "/", 6)) == list(table_slip(50, "/", 10)) == []
    assert list(counting_slip(18, "-", 7)) == [12]
    assert list(counting_slip(14, "+", 8)) == [21]
    assert list(counting_slip(140, "+", 8)) == []


@pytest.mark.parametrize(("value", "read"), [(14, [41, 40]), (50, [15]), (33, [38]), (7, []), (120, [])])
def test_misreadings(value: int, read: list[int]) -> None:
    assert [int(one) for one in misreadings(Fraction(value))] == read


def test_every_rule_has_its_line_in_the_records() -> None:
    assert list(MISCONCEPTIONS) == list(RULES)
