"""Mistakes of the plan: the last step forgotten, a step left out, a wrong order, a percentage taken for a number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from master_autogen.arithmetic import numbers
from master_autogen.wording.carry import Task, Wrong, binary_steps, clue, final_of, follow
from master_autogen.wording.worked import Sentence, Sum, compute, make_sum, show, value_of


def stopped_early(task: Task) -> Iterator[Wrong]:
    """The last step forgotten, where all that was worked out before leads to one number."""
    steps, sums = task.worked.steps, task.worked.sums
    if len(steps) < 2 or any(all(s.value not in t.values for t in sums[i + 1 : -1]) for i, s in enumerate(sums[:-2])):
        return
    kept = task.worked.sentences[: steps[-2] + 1]
    last, should = task.worked.sums[-2], task.worked.sums[-1]
    facts = {"should": should.op, "number": clue(task, should) if should.binary else ""}
    yield Wrong("stopped_early", len(steps) - 1, kept, last.result, facts)


def skipped_step(task: Task) -> Iterator[Wrong]:
    """A step left out: a number of the question stands where its result belongs."""
    for step, s in binary_steps(task):
        usable = s.operands if s.op == "*" else s.operands[:1]
        for text in usable:
            part = re.search(rf"\b{re.escape(text)}\s?(?:%|percent|/\s?\d)|\d\s?/\s?{re.escape(text)}\b", task.question)
            if value_of(text) in task.given and not part and step + 1 < len(task.worked.steps):
                yield from _without(task, step, text, "skipped_step", s.op)


def percent(task: Task) -> Iterator[Wrong]:
    """A percentage taken for a plain number: taken away where its part belongs, or from the whole."""
    for named in re.findall(r"(\d+)\s?(?:%|percent)", task.question):
        for step, s in enumerate(task.worked.sums):
            part = {Fraction(named), Fraction(int(named), 100)} & {number.value for number in numbers(s.shown)}
            if not part or (s.binary and s.op != "*"):
                continue
            if step + 1 < len(task.worked.sums):
                yield from _without(task, step, named, "percent", "")
            else:
                yield from _plain_percent(task, step, named)


def _plain_percent(task: Task, step: int, named: str) -> Iterator[Wrong]:
    wholes = [text for s in task.worked.sums for text, value in zip(s.operands, s.values, strict=True)]
    wholes = [text for text in wholes if value_of(text) in task.given and value_of(text) > int(named)]
    if wholes:
        new = make_sum((wholes[0], named), ("-",), show(value_of(wholes[0]) - int(named), wholes[0]))
        sentence = Sentence("", new, task.worked.sentences[task.worked.steps[step]].after, bare=True)
        yield Wrong("percent", 1, (sentence,), new.result, {"number": named})


def _without(task: Task, step: int, text: str, name: str, op: str) -> Iterator[Wrong]:
    """Without the sentence of `step`, and those that only lead to it; `text` in the place of its result."""
    place = task.worked.steps[step]
    old = task.worked.sums[step]
    rest = [s for i, s in enumerate(task.worked.sentences) if i != place]
    used_later = any(old.value in s.values for s in task.worked.sums[step + 1 :])
    if old.value == value_of(text) or not used_later or (name == "skipped_step" and not _same_kind(text, old.result)):
        return
    followed = follow(task, rest, place, {old.value: value_of(text)})
    if followed is None or not any(s.sum for s in followed):
        return
    changed = next((i for i, (a, b) in enumerate(zip(rest, followed, strict=True)) if a != b), 0)
    followed[changed] = replace(followed[changed], bare=True)
    sentences = _useful(followed)
    at = 1 + [s for s in sentences if s.sum].index(followed[changed]) if followed[changed] in sentences else 1
    yield Wrong(name, at, tuple(sentences), final_of(sentences), {"should": op, "number": text})


def _useful(sentences: list[Sentence]) -> list[Sentence]:
    """Without steps whose result is used nowhere, the last apart."""
    kept = list(sentences)
    for sentence in reversed(sentences):
        later = [s.sum for s in kept[kept.index(sentence) + 1 :] if s.sum]
        unused = sentence.sum and later and not any(sentence.sum.value in s.values for s in later)
        if unused and all(s.ops for s in later):
            kept.remove(sentence)
    return kept


def _same_kind(one: str, other: str) -> bool:
    """Both amounts of money, or neither."""
    return one[:1].isdigit() == other[:1].isdigit()


def step_order(task: Task) -> Iterator[Wrong]:
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
    early_result = compute((a, b), (two.op,))
    if early_result is None or early_result <= 0:
        return
    late_result = compute((early_result, one.values[1]), (one.op,))
    if late_result is None or late_result > 2 * max(*task.given, task.worked.sums[-1].value):
        return
    shown = show(early_result, two.result)
    first = make_sum((operands[0], operands[1]), (two.op,), shown)
    second = make_sum((shown, one.operands[1]), (one.op,), show(late_result, two.result))
    sentences = list(task.worked.sentences)
    places = task.worked.steps[step : step + 2]
    sentences[places[0]] = Sentence("", first, "", bare=True)
    sentences[places[1]] = Sentence("", second, sentences[places[1]].after, bare=True)
    followed = follow(task, sentences, places[1] + 1, {two.value: late_result})
    if followed is not None:
        yield Wrong("step_order", step + 1, tuple(followed), final_of(followed), {"used": two.op, "should": one.op})
