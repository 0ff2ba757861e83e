"""Whether a pupil's own solution may stand: wrong in a way that code can name, and readable.

Gates on the text alone let garbage through (measured), so only plain sentences pass: known words, numbers with an
origin, equations that lead to the stated answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from fractions import Fraction
from itertools import pairwise

from master_autogen.arithmetic import equations, numbers, read_final, same_answer
from master_autogen.records import Seed
from master_autogen.wording.diagnosis import certain, diagnose
from master_autogen.wording.facts import Accepted
from master_autogen.wording.phrases import english
from master_autogen.wording.worked import worked

_LONGEST = 240
_SMALL = 100
_NEAR = 2
"""How many times larger or smaller than the right one a child's result may be."""


def easy(seed: Seed) -> bool:
    """Whether a small model may be let loose on this: one equation of two whole numbers; with more, next to nothing of
    what it says can stand."""
    solution = worked(seed)
    if solution is None or len(solution.sums) != 1 or len(seed.instruction) > 220:
        return False
    return solution.sums[0].binary and all(v.denominator == 1 and v <= _SMALL for v in solution.sums[0].values)


def own_solution(text: str, seed: Seed, *, wrong_only: bool, among: Collection[str] | None = None) -> Accepted | None:
    """The text with its diagnosis, or None; a mistake must be `among` these (None: any that can be named). Where a
    right answer may stand too, its steps must be the reference's."""
    text = " ".join(text.split())
    notes = diagnose(text, seed)
    right = notes["misconception"] == "none"
    if (right and wrong_only) or not (right or certain(notes)):
        return None
    if among is not None and not right and notes["misconception"] not in among:
        return None
    if not (_reads_well(text, seed) and _adds_up(text, seed, notes["misconception"])):
        return None
    return Accepted(text, notes)


def _reads_well(text: str, seed: Seed) -> bool:
    """Plain characters, known words, nothing said twice, whole sentences, the last but one with an equation."""
    if (
        len(text) > _LONGEST
        or any(unicodedata.category(c) == "No" for c in text)
        or re.search(r"[^\w\s.,$+*/='-]", text)
    ):
        return False
    asked_words = set(re.findall(r"[a-z]+", seed.instruction.lower()))
    words = re.findall(r"[A-Za-z]+", text)
    if any(word.lower() not in asked_words | set(english().own.words) for word in words):
        return False
    parts = re.split(r"(?<=[.!?])\s+", text)
    if not 2 <= len(parts) <= 4 or not equations(parts[-2]):
        return False
    if not all(re.match(r"[A-Z]", part) and part.endswith(".") for part in parts):
        return False
    return all(_fluent(part) for part in parts)


def _fluent(sentence: str) -> bool:
    """No word or pair of words twice in a row, no "of the of", words on both sides of the equation in plain order."""
    tokens = re.findall(r"[a-z]+|\d+", sentence.lower())
    pairs = list(pairwise(tokens))
    if any(a == b and a.isalpha() for a, b in pairs):
        return False
    worded = [pair for pair in pairs if all(word.isalpha() for word in pair)]
    if len(worded) != len(set(worded)):
        return False
    glued = re.search(
        r"\d\s+(?:and|is|the|a|of|in|he|she|they)\s+=|=\s*[A-Za-z]|\d\s*[-+*/]\s*[A-Za-z]|,\s*,|\d\s+\d", sentence
    )
    return glued is None


def _adds_up(text: str, seed: Seed, diagnosed: str) -> bool:
    """Explicit answer, the last result; every number from the question or from an equation before; nothing negative."""
    final, found = read_final(text), equations(text)
    if final is None or not final.explicit or not found:
        return False
    if same_answer(final.text, numbers(found[-1].text)[-1].text) is not True:
        return False
    ratio = _ratio(final.text, seed)
    if ratio is None or not Fraction(1, _NEAR) <= ratio <= _NEAR:
        return False
    known = {number.value for number in numbers(seed.instruction)}
    used = {value for equation in found for value in equation.operands} & known
    for equation in found:
        if equation.true is None or equation.result <= 0 or equation.result.denominator > 1:
            return False
        if any(value not in known for value in equation.operands):
            return False
        known.add(equation.result)
    false = sum(equation.true is False for equation in found)
    if len(used) < 2 or false > (diagnosed == "slip") or any(number.value not in known for number in numbers(text)):
        return False
    return diagnosed == "none" or not any(seed.answer and same_answer(n.text, seed.answer) for n in numbers(text))


def _ratio(given: str, seed: Seed) -> Fraction | None:
    values = [numbers(text)[0].value for text in (given, seed.answer or "") if numbers(text)]
    return values[0] / values[1] if len(values) == 2 and values[1] else None
