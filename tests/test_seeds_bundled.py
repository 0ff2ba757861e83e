"""The bundled seeds: every equation, every final answer and every program in them is right."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from master_autogen.records import Seed
from master_autogen.seeds import bundled

NUMBER = r"[0-9]+(?:\.[0-9]+)?"
EQUATION = re.compile(rf"({NUMBER}) ([-+*/]) ({NUMBER}) = ({NUMBER})")
CONSTANTS = {Fraction(2), Fraction(60), Fraction(100)}  # sides of a pair, minutes in an hour, percent in a whole

SEEDS = bundled().seeds
MATHS = [seed for seed in SEEDS if seed.kind == "math"]


def signature(seed: Seed) -> str:
    return "".join(match[1] for match in EQUATION.findall(seed.response))


def test_the_set_is_whole_and_says_where_it_comes_from() -> None:
    loaded = bundled()
    assert (loaded.source, loaded.duplicates, loaded.refused) == ("bundled", 0, ())
    assert Counter(seed.kind for seed in SEEDS) == {"math": 40, "code": 15, "general": 15}
    assert len({seed.id for seed in SEEDS}) == len({seed.instruction for seed in SEEDS}) == 70
    assert {(seed.source, seed.licence) for seed in SEEDS} == {("master_autogen bundled", "Apache-2.0")}
    assert [seed.checkable for seed in SEEDS] == [True] * 40 + [False] * 30


def test_word_problems_are_of_varied_difficulty_and_every_structure_has_a_partner() -> None:
    structures = Counter(map(signature, MATHS))
    assert min(structures.values()) >= 2
    assert Counter(len(signature(seed)) for seed in MATHS) == {1: 12, 2: 16, 3: 8, 4: 4}
    assert {len(signature(seed)) for seed in MATHS[:6]} == {1, 2, 3}, "a few seeds already show all levels"


@pytest.mark.parametrize("seed", MATHS, ids=lambda seed: seed.id)
def test_worked_solutions_are_right_and_lead_to_the_answer(seed: Seed) -> None:
    asked = re.findall(NUMBER, seed.instruction)
    known = {Fraction(number) for number in asked} | CONSTANTS
    results: list[str] = []
    for left, operator, right, result in EQUATION.findall(seed.response):
        a, b = Fraction(left), Fraction(right)
        assert {"+": a + b, "-": a - b, "*": a * b, "/": a / (b or 1)}[operator] == Fraction(result)
        assert {a, b} <= known, "each number is in the question, an earlier result or a constant"
        known.add(Fraction(result))
        results.append(result)
    assert results[-1] == seed.answer
    assert seed.answer not in results[:-1]
    assert not set(results) & set(asked), "no result is given away by the question"


@pytest.mark.parametrize("seed", MATHS, ids=lambda seed: seed.id)
def test_worked_solutions_have_one_equation_a_sentence_and_name_what_is_counted(seed: Seed) -> None:
    *steps, last = re.split(r"(?<=\.) (?=[A-Z])", seed.response)
    assert last == f"The answer is {seed.answer}."
    assert 1 <= len(steps) <= 4
    for step in steps:
        assert len(EQUATION.findall(step)) == step.count("=") == 1
        assert re.search(rf"= {NUMBER} [a-z]+", step), "a unit follows the result"
        assert not re.search(r"\bI\b", step)
        assert step.isascii()


def run_programs(seed: Seed) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "bundled"}
    for block in re.findall(r"```python\n(.*?)```", seed.response, re.DOTALL):
        exec(compile(block, "bundled.jsonl", "exec"), names)  # the project's own text, as any module of it
    return names


def raises(error: type[Exception], function: Any, *args: Any) -> bool:
    with pytest.raises(error):
        function(*args)
    return True


def lru(cache: Any) -> list[object]:
    cache.put("a", 1)
    cache.put("b", 2)
    cache.get("a")
    cache.put("c", 3)
    cache.put("c", 4)
    return [cache.get(key) for key in "abc"]


MAZE = ["..#.", ".##.", "....", "##.#"]
CASES: dict[str, list[Any]] = {
    "reverse_words": [lambda f: f("  one two  three ") == "three two one", lambda f: f("") == ""],
    "count_vowels": [lambda f: f("An Ocean") == 4, lambda f: f("rhythm") == 0],
    "is_palindrome": [lambda f: f("Was it a car, or a cat I saw?"), lambda f: not f("almost"), lambda f: f("")],
    "second_largest": [lambda f: f([5, 5, 3]) == 3, lambda f: raises(ValueError, f, [4, 4])],
    "collect": [lambda f: (f(1), f(2)) == ([1], [2]), lambda f: f(3, [1]) == [1, 3]],
    "most_common_words": [lambda f: f("The cat. the dog! A cat?", 2) == [("cat", 2), ("the", 2)]],
    "merge_sorted": [lambda f: f([1, 4, 4], [2, 4, 9]) == [1, 2, 4, 4, 4, 9], lambda f: f([], [1]) == [1]],
    "caesar": [lambda f: f("Xyz, abé!", 3) == "Abc, deé!", lambda f: f(f("Hello", 29), -29) == "Hello"],
    "binary_search": [lambda f: [f([1, 3, 5, 8], n) for n in (1, 8, 5, 4)] == [0, 3, 2, -1], lambda f: f([], 1) == -1],
    "flatten": [lambda f: f([1, [2, [3, 4]], 5, [], "ab"]) == [1, 2, 3, 4, 5, "ab"]],
    "is_balanced": [lambda f: f("{a[(b)]}"), lambda f: not f("(]"), lambda f: not f("(("), lambda f: not f(")")],
    "encode": [lambda f: f("aaab") == [("a", 3), ("b", 1)]],
    "decode": [lambda f: f([("a", 3), ("b", 1)]) == "aaab"],
    "totals": [lambda f: f('city,amount\n"Bath, UK",1.5\nRome,2\n"Bath, UK",1\n') == {"Bath, UK": 2.5, "Rome": 2.0}],
    "LRUCache": [lambda f: lru(f(2)) == [1, None, 4]],
    "shortest_path": [lambda f: f(MAZE, (0, 0), (0, 3)) == 7, lambda f: f(["#.#", ".#."], (0, 1), (1, 0)) is None],
}


def test_programs_do_what_their_questions_ask() -> None:
    seen = set()
    for seed in SEEDS:
        if seed.kind == "code":
            names = run_programs(seed)
            asked = [name for name in CASES if name in names]
            assert asked, seed.instruction
            for name in asked:
                assert name in seed.instruction
                assert all(case(names[name]) for case in CASES[name]), name
            seen.update(asked)
    assert seen == set(CASES)
