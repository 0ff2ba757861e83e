"""Planting a mistake: what the rules work on, what they make, and how everything after the mistake follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from master_autogen.arithmetic import numbers
from master_autogen.wording.worked import Sentence, Sum, Worked, compute, make_sum, show, with_sum


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


def change(task: Task, step: int, new: Sum, name: str, **facts: str) -> Iterator[Wrong]:
    """One changed sum, the rest carried on; a misread number changes in the words around it too."""
    old = task.worked.sums[step]
    if old.value == new.value:
        return
    changes = {old.value: new.value}
    if name == "misread":
        changes |= {a: b for a, b in zip(old.values, new.values, strict=True) if a != b}
    sentences = _carried(task, step, new, changes, bare=name in ("operation", "used_twice"))
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
    named = [s.operands[i] for i in usable if s.values[i] in task.given]
    return named[-1] if named else ""


def final_of(sentences: list[Sentence]) -> str:
    return [s.sum for s in sentences if s.sum is not None][-1].result


def binary_steps(task: Task) -> Iterator[tuple[int, Sum]]:
    for i, s in enumerate(task.worked.sums):
        if s.binary:
            yield i, s
