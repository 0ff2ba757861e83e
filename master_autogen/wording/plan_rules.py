"""Mistakes of the plan: the last step forgotten, a step left out, two steps in the wrong order."""

from __future__ import annotations

import re
from collections.abc import Iterator

from master_autogen.wording.carry import Task, Wrong, binary_steps, final_of, follow, halted, same_kind, without
from master_autogen.wording.meaning_rules import conversion, takes_part
from master_autogen.wording.worked import Sentence, Sum, compute, make_sum, show, value_of


def stopped_early(task: Task) -> Iterator[Wrong]:
    """The last step forgotten, where it is no conversion and what it leaves is no rest."""
    if len(task.worked.sums) > 1:
        last = task.worked.sums[-1]
        if conversion(task, last) is None and not takes_part(last, task.worked.sums[-2]):
            yield from halted(task, "stopped_early")


def skipped_step(task: Task) -> Iterator[Wrong]:
    """A step left out: a number of the question stands where its result belongs."""
    for step, s in binary_steps(task):
        if conversion(task, s) is not None:
            continue  # a misconception of its own
        usable = s.operands if s.op == "*" else s.operands[:1]
        for text in usable:
            part = re.search(rf"\b{re.escape(text)}\s?(?:%|percent|/\s?\d)|\d\s?/\s?{re.escape(text)}\b", task.question)
            if value_of(text) in task.given and not part and same_kind(text, s.result):
                yield from without(task, step, text, "skipped_step", should=s.op)


def step_order(task: Task) -> Iterator[Wrong]:
    """Two steps in the wrong order: 50 - 5 and then times 4, where 5 * 4 goes away from 50."""
    for step in range(len(task.worked.steps) - 1):
        one, two = task.worked.sums[step : step + 2]
        if not (one.binary and two.binary and two.values.count(one.value) == 1):
            continue
        if (
            (one.op in "*/") == (two.op in "*/")
            or one.value in task.given
            or not same_kind(one.operands[0], one.result)
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
