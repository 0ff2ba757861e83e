"""Planting a mistake: what the rules work on, what they make, and how everything after the mistake follows from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from master_autogen.arithmetic import numbers
from master_autogen.wording.worked import (
    Sentence,
    Sum,
    Worked,
    compute,
    make_sum,
    replace_numbers,
    show,
    value_of,
    with_sum,
)


@dataclass(frozen=True)
class Wrong:
    """A wrong solution. `step` counts its sums from 1 and is where the mistake stands; `facts` are for hints."""

    name: str
    step: int
    sentences: tuple[Sentence, ...]
    final: str
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True)
class Task:
    """What the rules work on: the solution and the question's numbers, by value."""

    worked: Worked
    question: str
    given: frozenset[Fraction]

    @property
    def text(self) -> str:
        return f"{self.question} {self.worked.text}"


def change(task: Task, step: int, new: Sum, name: str, *, bare: bool = False, **facts: str) -> Iterator[Wrong]:
    """One changed sum, the rest carried on; a misread number changes in the words around it too. `bare`: the words
    around the sum do not fit it any more."""
    old = task.worked.sums[step]
    if old.value == new.value:
        return
    changes = {old.value: new.value}
    if name == "misread":
        changes |= {a: b for a, b in zip(old.values, new.values, strict=True) if a != b}
    sentences = _carried(task, step, new, changes, bare=bare)
    if sentences is not None:
        facts = {"used": new.op, "should": old.op, "number": clue(task, old), **facts}
        yield Wrong(name, step + 1, tuple(sentences), final_of(sentences), facts)


def _carried(task: Task, step: int, new: Sum, changes: dict[Fraction, Fraction], bare: bool) -> list[Sentence] | None:
    """The solution with `new` at `step` and all later results following from it; None where values are ambiguous."""
    sentences = list(task.worked.sentences)
    place = task.worked.steps[step]
    old = task.worked.sums[step]
    sentences[place] = replace(with_sum(sentences[place], new, changes), bare=bare)
    return follow(task, sentences, place + 1, {old.value: new.value})


def follow(
    task: Task, sentences: list[Sentence], start: int, changed: dict[Fraction, Fraction]
) -> list[Sentence] | None:
    """`sentences` with `changed` values (old -> new) and what follows from `start` on; None where it is ambiguous."""
    sentences = list(sentences)
    results = [s.value for s in task.worked.sums]
    for i in range(start, len(sentences)):
        sentence = sentences[i]
        if any(value in task.given or results.count(value) > 1 for value in changed):
            return None
        mentions = any(number.value in changed for number in numbers(sentence.text))
        if not mentions:
            continue
        if any(number.words and number.value in changed for number in numbers(sentence.text)):
            return None
        s = sentence.sum
        if s is None and not re.search(r"[=+*/]", sentence.before):
            sentences[i] = replace(sentence, before=replace_numbers(sentence.before, changed))
            continue
        if s is None or not s.ops:
            return None
        if not any(value in changed for value in s.values):
            sentences[i] = with_sum(sentence, s, changed)
            continue
        values = [changed.get(value, value) for value in s.values]
        result = compute(values, s.ops)
        if result is None:
            return None
        texts = [show(v, text) for v, text in zip(values, s.operands, strict=True)]
        changed = {**changed, s.value: result}
        sentences[i] = with_sum(sentence, make_sum(tuple(texts), s.ops, show(result, s.result)), changed)
    return sentences


def clue(task: Task, s: Sum) -> str:
    """The operand to look up in the question: what is added, taken away, multiplied or divided by, if it is there."""
    if not s.binary:
        return ""
    usable = range(len(s.operands)) if s.op in "+*" else range(1, len(s.operands))
    found = {t.value for t in task.worked.sums}
    named = [s.operands[i] for i in usable if s.values[i] in task.given - found]
    return named[-1] if named else ""


def final_of(sentences: list[Sentence]) -> str:
    return [s.sum for s in sentences if s.sum is not None][-1].result


def binary_steps(task: Task) -> Iterator[tuple[int, Sum]]:
    for i, s in enumerate(task.worked.sums):
        if s.binary:
            yield i, s


def halted(task: Task, name: str, **facts: str) -> Iterator[Wrong]:
    """The worked solution without its last step, where all that was worked out before leads to one number."""
    steps, sums = task.worked.steps, task.worked.sums
    if len(steps) < 2 or any(all(s.value not in t.values for t in sums[i + 1 : -1]) for i, s in enumerate(sums[:-2])):
        return
    last, should = sums[-2], sums[-1]
    told = {"should": should.op, "number": clue(task, should), **facts}
    yield Wrong(name, len(steps) - 1, task.worked.sentences[: steps[-2] + 1], last.result, told)


def without(task: Task, step: int, text: str, name: str, **facts: str) -> Iterator[Wrong]:
    """Without the sentence of `step`, and those that only lead to it; `text` in the place of its result."""
    place = task.worked.steps[step]
    old = task.worked.sums[step]
    rest = [s for i, s in enumerate(task.worked.sentences) if i != place]
    used_later = any(old.value in s.values for s in task.worked.sums[step + 1 :])
    if old.value == value_of(text) or not used_later:
        return
    followed = follow(task, rest, place, {old.value: value_of(text)})
    if followed is None or not any(s.sum for s in followed):
        return
    changed = next((i for i, (a, b) in enumerate(zip(rest, followed, strict=True)) if a != b), 0)
    followed[changed] = replace(followed[changed], bare=True)
    sentences = _useful(followed)
    at = 1 + [s for s in sentences if s.sum].index(followed[changed]) if followed[changed] in sentences else 1
    yield Wrong(name, at, tuple(sentences), final_of(sentences), {"number": text, **facts})


def _useful(sentences: list[Sentence]) -> list[Sentence]:
    """Without steps whose result is used nowhere, the last apart."""
    kept = list(sentences)
    for sentence in reversed(sentences):
        later = [s.sum for s in kept[kept.index(sentence) + 1 :] if s.sum]
        unused = sentence.sum and later and not any(sentence.sum.value in s.values for s in later)
        if unused and all(s.ops for s in later):
            kept.remove(sentence)
    return kept


def same_kind(one: str, other: str) -> bool:
    """Both amounts of money, or neither."""
    return one[:1].isdigit() == other[:1].isdigit()
