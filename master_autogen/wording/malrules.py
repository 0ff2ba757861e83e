"""Executable mistakes: from a worked solution to a wrong one in which everything after the mistake follows from it.

Each rule is what children really do: another operation, a misread number, a forgotten carry, a step left out. A result
that no child would believe (negative or broken people), or that gives the right answer after all, is thrown away.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from master_autogen.arithmetic import numbers
from master_autogen.wording.slips import counting_slip, digit_slip, misreadings, table_slip
from master_autogen.wording.worked import (
    Sentence,
    Sum,
    Worked,
    compute,
    make_sum,
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


Rule = Callable[[Task], Iterator[Wrong]]

_MISTAKEN = {"+": "-", "-": "+", "*": "+/", "/": "*-"}
"""Which operations a child takes for the right one."""


def wrongs(solution: Worked, question: str) -> dict[str, list[Wrong]]:
    """Every plausible wrong solution, by the name of its rule; rules that do not fit are missing."""
    task = Task(solution, question, frozenset(number.value for number in numbers(question)))
    found = {name: [wrong for wrong in rule(task) if _plausible(wrong, task)] for name, rule in RULES.items()}
    return {name: some for name, some in found.items() if some}


def _plausible(wrong: Wrong, task: Task) -> bool:
    right = value_of(task.worked.answer)
    whole = all(value.denominator == 1 for s in task.worked.sums for value in (*s.values, s.value))
    largest = max([*(abs(s.value) for s in task.worked.sums), *task.given])
    for sentence in wrong.sentences:
        s = sentence.sum
        if s is None or not s.binary:
            continue
        values = (*s.values, s.value)
        if min(values) <= 0 or s.value > 30 * largest or (whole and s.value.denominator > 1):
            return False
        if any((value * 100).denominator > 1 for value in values):
            return False
    said = {number.value for number in numbers(wrong.text)}
    return value_of(wrong.final) != right and (right not in said or right in task.given)


def _carried(task: Task, step: int, new: Sum, changes: dict[Fraction, Fraction], bare: bool) -> list[Sentence] | None:
    """The solution with `new` at `step` and all later results following from it; None where values are ambiguous."""
    sentences = list(task.worked.sentences)
    place = task.worked.steps[step]
    old = task.worked.sums[step]
    sentences[place] = replace(with_sum(sentences[place], new, changes), bare=bare)
    return _follow(task, sentences, place + 1, {old.value: new.value})


def _follow(
    task: Task, sentences: list[Sentence], start: int, changed: dict[Fraction, Fraction]
) -> list[Sentence] | None:
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
        if s is None or not s.binary:
            return None
        if not any(value in changed for value in s.values):
            sentences[i] = with_sum(sentence, s, changed)
            continue
        values = [changed.get(value, value) for value in s.values]
        result = compute(values[0], s.op, values[1])
        if result is None:
            return None
        texts = [show(v, text) for v, text in zip(values, s.operands, strict=True)]
        changed = {**changed, s.value: result}
        sentences[i] = with_sum(sentence, make_sum((texts[0], texts[1]), s.op, show(result, s.result)), changed)
    return sentences


def _final(sentences: list[Sentence]) -> str:
    return [s.sum for s in sentences if s.sum is not None][-1].result


def _change(task: Task, step: int, new: Sum, name: str, **facts: str) -> Iterator[Wrong]:
    """One changed sum, the rest carried on; a misread number changes in the words around it too."""
    old = task.worked.sums[step]
    if old.value == new.value:
        return
    changes = {old.value: new.value}
    if name == "misread":
        changes |= {a: b for a, b in zip(old.values, new.values, strict=True) if a != b}
    sentences = _carried(task, step, new, changes, bare=name in ("swap", "twice"))
    if sentences is not None:
        facts = {"used": new.op, "should": old.op, "number": _clue(task, old), **facts}
        yield Wrong(name, step + 1, tuple(sentences), _final(sentences), facts)


def _clue(task: Task, s: Sum) -> str:
    """The operand that the question names, to be looked up there: the second before the first."""
    named = [text for text, value in zip(s.operands, s.values, strict=True) if value in task.given]
    return named[-1] if named else ""


def _binary_steps(task: Task) -> Iterator[tuple[int, Sum]]:
    for i, s in enumerate(task.worked.sums):
        if s.binary:
            yield i, s


def swap(task: Task) -> Iterator[Wrong]:
    """Another operation with the same two numbers."""
    for step, s in _binary_steps(task):
        if min(s.values) < 2 or any(value.denominator > 1 for value in s.values):
            continue
        for op in _MISTAKEN[s.op]:
            operands, values = s.operands, s.values
            result = compute(values[0], op, values[1])
            if op in "-/" and values[0] < values[1]:
                operands, values = (operands[1], operands[0]), (values[1], values[0])
                result = compute(values[0], op, values[1])
            if result is None or result.denominator > 1 or result < 2:
                continue
            new = make_sum((operands[0], operands[1]), op, show(result, s.result))
            yield from _change(task, step, new, "swap")


def misread(task: Task) -> Iterator[Wrong]:
    """A number of the question read as another: digits turned round, 15 for 50, 6 for 9."""
    uses = [value for s in task.worked.sums for value in s.values]
    for step, s in _binary_steps(task):
        for i, (text, value) in enumerate(zip(s.operands, s.values, strict=True)):
            if value not in task.given or uses.count(value) > 1 or re.search(rf"{re.escape(text)}\s?%", task.question):
                continue
            for read in misreadings(value):
                if read in task.given or read in uses:
                    continue
                operands = [show(read, text) if j == i else s.operands[j] for j in range(2)]
                a, b = (value_of(operand) for operand in operands)
                if (result := compute(a, s.op, b)) is not None:
                    new = make_sum((operands[0], operands[1]), s.op, show(result, s.result))
                    yield from _change(task, step, new, "misread", number=text, read=operands[i])


def slip(task: Task) -> Iterator[Wrong]:
    """A carry forgotten, or the smaller digit taken from the larger."""
    return _miscalculated(task, "slip", digit_slip)


def table(task: Task) -> Iterator[Wrong]:
    """The neighbour in the times table."""
    return _miscalculated(task, "table", table_slip)


def counting(task: Task) -> Iterator[Wrong]:
    """The starting number counted too: 9 + 6 = 14, 18 - 7 = 12."""
    return _miscalculated(task, "counting", counting_slip)


def _miscalculated(task: Task, name: str, how: Callable[[int, str, int], Iterator[int]]) -> Iterator[Wrong]:
    for step, s in _binary_steps(task):
        if any(value.denominator > 1 for value in (*s.values, s.value)):
            continue
        for result in how(int(s.values[0]), s.op, int(s.values[1])):
            new = make_sum((s.operands[0], s.operands[1]), s.op, show(Fraction(result), s.result))
            yield from _change(task, step, new, name)


def early(task: Task) -> Iterator[Wrong]:
    """The last step forgotten, where all that was worked out before leads to one number."""
    steps, sums = task.worked.steps, task.worked.sums
    if len(steps) < 2 or any(all(s.value not in t.values for t in sums[i + 1 : -1]) for i, s in enumerate(sums[:-2])):
        return
    kept = task.worked.sentences[: steps[-2] + 1]
    last, should = task.worked.sums[-2], task.worked.sums[-1]
    facts = {"should": should.op, "number": _clue(task, should) if should.binary else ""}
    yield Wrong("early", len(steps) - 1, kept, last.result, facts)


def skip(task: Task) -> Iterator[Wrong]:
    """A step left out: a number of the question stands where its result belongs."""
    for step, s in _binary_steps(task):
        usable = s.operands if s.op == "*" else s.operands[:1]
        for text in usable:
            if value_of(text) in task.given and step + 1 < len(task.worked.steps):
                yield from _without(task, step, text, "skip", s.op)


def percent(task: Task) -> Iterator[Wrong]:
    """A percentage taken for a plain number."""
    for named in re.findall(r"(\d+)\s?(?:%|percent)", task.question):
        for step, s in enumerate(task.worked.sums[:-1]):
            part = {Fraction(named), Fraction(int(named), 100)} & {number.value for number in numbers(s.shown)}
            if part and (not s.binary or "/100" in s.shown or s.op == "*"):
                yield from _without(task, step, named, "percent", "")


def _without(task: Task, step: int, text: str, name: str, op: str) -> Iterator[Wrong]:
    """Without the sentence of `step`, `text` in the place of its result."""
    place = task.worked.steps[step]
    old = task.worked.sums[step]
    rest = [s for i, s in enumerate(task.worked.sentences) if i != place]
    used_later = any(old.value in s.values for s in task.worked.sums[step + 1 :])
    if old.value == value_of(text) or not used_later or (name == "skip" and not _same_kind(text, old.result)):
        return
    sentences = _follow(task, rest, place, {old.value: value_of(text)})
    if sentences is None or not any(s.sum for s in sentences):
        return
    changed = next((i for i, (a, b) in enumerate(zip(rest, sentences, strict=True)) if a != b), 0)
    sentences[changed] = replace(sentences[changed], bare=True)
    at = sum(s.sum is not None for s in sentences[: changed + 1])
    yield Wrong(name, at, tuple(sentences), _final(sentences), {"should": op, "number": text})


def _same_kind(one: str, other: str) -> bool:
    """Both amounts of money, or neither."""
    return one[:1].isdigit() == other[:1].isdigit()


def twice(task: Task) -> Iterator[Wrong]:
    """An amount added or taken away a second time: 15 - 4 - 4 = 7."""
    told = [number.value for number in numbers(task.question)]
    for step, s in _binary_steps(task):
        if s.op not in "+-" or told.count(s.values[1]) != 1 or s.values[1] < 2:
            continue
        result = compute(s.value, s.op, s.values[1])
        if result is not None and result > 0:
            shown = show(result, s.result)
            text = f"{s.operands[0]} {s.op} {s.operands[1]} {s.op} {s.operands[1]} = {shown}"
            yield from _change(task, step, Sum(text, shown, result), "twice", used=s.op, number=s.operands[1])


def order(task: Task) -> Iterator[Wrong]:
    """Two steps in the wrong order: 50 - 5 and then times 4, where 5 * 4 goes away from 50."""
    for step in range(len(task.worked.steps) - 1):
        one, two = task.worked.sums[step : step + 2]
        if not (one.binary and two.binary and two.values.count(one.value) == 1):
            continue
        if (
            (one.op in "*/") == (two.op in "*/")
            or one.value in task.given
            or not _same_kind(one.operands[0], one.result)
        ):
            continue
        yield from _reordered(task, step, one, two)


def _reordered(task: Task, step: int, one: Sum, two: Sum) -> Iterator[Wrong]:
    """The second operation on the first operand of the first step, then the first operation on what comes out."""
    at = two.values.index(one.value)
    operands = [one.operands[0] if i == at else text for i, text in enumerate(two.operands)]
    a, b = (value_of(text) for text in operands)
    early_result = compute(a, two.op, b)
    if early_result is None or early_result <= 0:
        return
    late_result = compute(early_result, one.op, one.values[1])
    if late_result is None or late_result > 2 * max(*task.given, task.worked.sums[-1].value):
        return
    shown = show(early_result, two.result)
    first = make_sum((operands[0], operands[1]), two.op, shown)
    second = make_sum((shown, one.operands[1]), one.op, show(late_result, two.result))
    sentences = list(task.worked.sentences)
    places = task.worked.steps[step : step + 2]
    sentences[places[0]] = Sentence("", first, "", bare=True)
    sentences[places[1]] = Sentence("", second, sentences[places[1]].after, bare=True)
    followed = _follow(task, sentences, places[1] + 1, {two.value: late_result})
    if followed is not None:
        yield Wrong("order", step + 1, tuple(followed), _final(followed), {"used": two.op, "should": one.op})


RULES: dict[str, Rule] = {
    "swap": swap,
    "misread": misread,
    "slip": slip,
    "table": table,
    "counting": counting,
    "early": early,
    "skip": skip,
    "twice": twice,
    "order": order,
    "percent": percent,
}
