"""Mistakes within a step: another operation, a misread number, a slip, an amount used twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from master_autogen.arithmetic import numbers
from master_autogen.wording.carry import Task, Wrong, binary_steps, change
from master_autogen.wording.meaning_rules import times_as_many
from master_autogen.wording.slips import borrow_slip, carry_slip, counting_slip, misreadings, table_slip, zero_slip
from master_autogen.wording.worked import compute, make_sum, show, value_of

_MISTAKEN = {"+": "-", "-": "+", "*": "+/", "/": "*-"}
"""Which operations a child takes for the right one."""


def operation(task: Task) -> Iterator[Wrong]:
    """Another operation with the same two numbers."""
    known = task.given | {s.value for s in task.worked.sums}
    for step, s in binary_steps(task):
        if min(s.values) < 2 or any(value.denominator > 1 for value in s.values):
            continue
        if s.op != "*" and not known.issuperset(s.values):  # nobody subtracts the hundred of a percentage
            continue
        for op in _MISTAKEN[s.op]:
            if s.op + op == "*+" and any(times_as_many(task.question, value) for value in s.values):
                continue  # a misconception of its own
            operands, values = s.operands, s.values
            result = compute((values[0], values[1]), (op,))
            if op in "-/" and values[0] < values[1]:
                operands, values = (operands[1], operands[0]), (values[1], values[0])
                result = compute((values[0], values[1]), (op,))
            if result is None or result.denominator > 1 or result < 2:
                continue
            new = make_sum((operands[0], operands[1]), (op,), show(result, s.result))
            yield from change(task, step, new, "operation", bare=True)


def misread(task: Task) -> Iterator[Wrong]:
    """A number of the question read as another: digits turned round, 15 for 50, 6 for 9; used in a single sentence."""
    told = [{number.value for number in numbers(sentence.text)} for sentence in task.worked.sentences]
    uses = [value for some in told for value in some]
    for step, s in binary_steps(task):
        for i, (text, value) in enumerate(zip(s.operands, s.values, strict=True)):
            if (
                value not in task.given
                or uses.count(value) > 1
                or s.values.count(value) > 1
                or re.search(rf"{re.escape(text)}\s?%", task.question)
            ):
                continue
            for read in misreadings(value):
                if read in task.given or read in uses:
                    continue
                operands = [show(read, text) if j == i else s.operands[j] for j in range(2)]
                a, b = (value_of(operand) for operand in operands)
                if (result := compute((a, b), (s.op,))) is not None:
                    new = make_sum((operands[0], operands[1]), (s.op,), show(result, s.result))
                    yield from change(task, step, new, "misread", number=text, read=operands[i])


def carry(task: Task) -> Iterator[Wrong]:
    """A carry forgotten: 48 + 36 = 74."""
    return _miscalculated(task, "carry", carry_slip)


def borrow(task: Task) -> Iterator[Wrong]:
    """The smaller digit taken from the larger in each column: 52 - 18 = 46."""
    return _miscalculated(task, "borrow", borrow_slip)


def times_table(task: Task) -> Iterator[Wrong]:
    """The neighbour in the times table."""
    return _miscalculated(task, "times_table", table_slip)


def zeros(task: Task) -> Iterator[Wrong]:
    """A zero lost or one too many: 20 * 30 = 60."""
    return _miscalculated(task, "zeros", zero_slip)


def off_by_one(task: Task) -> Iterator[Wrong]:
    """The starting number counted too: 9 + 6 = 14, 18 - 7 = 12."""
    return _miscalculated(task, "off_by_one", counting_slip)


def _miscalculated(task: Task, name: str, how: Callable[[int, str, int], Iterator[int]]) -> Iterator[Wrong]:
    for step, s in binary_steps(task):
        if any(value.denominator > 1 for value in (*s.values, s.value)):
            continue
        for result in how(int(s.values[0]), s.op, int(s.values[1])):
            new = make_sum((s.operands[0], s.operands[1]), (s.op,), show(Fraction(result), s.result))
            yield from change(task, step, new, name)


def used_twice(task: Task) -> Iterator[Wrong]:
    """An amount added or taken away a second time: 15 - 4 - 4 = 7."""
    told = [number.value for number in numbers(task.question)]
    found = {s.value for s in task.worked.sums}
    for step, s in binary_steps(task):
        if s.op not in "+-" or s.values[1] in found or told.count(s.values[1]) != 1 or s.values[1] < 2:
            continue
        result = compute((s.value, s.values[1]), s.ops)
        if result is not None and result > 0:
            new = make_sum((*s.operands, s.operands[1]), s.ops * 2, show(result, s.result))
            yield from change(task, step, new, "used_twice", bare=True, used=s.op, number=s.operands[1])


def left_out(task: Task) -> Iterator[Wrong]:
    """One of three or more amounts left out."""
    for step, s in enumerate(task.worked.sums):
        if len(s.ops) < 2 or not set(s.ops) <= {"+", "-"}:
            continue
        for i in range(1, len(s.operands)):
            operands = s.operands[:i] + s.operands[i + 1 :]
            ops = s.ops[: i - 1] + s.ops[i:]
            result = compute([value_of(text) for text in operands], ops)
            if result is not None:
                number = s.operands[i] if s.values[i] in task.given else ""
                new = make_sum(operands, ops, show(result, s.result))
                yield from change(task, step, new, "left_out", number=number)


def brackets(task: Task) -> Iterator[Wrong]:
    """Brackets overlooked: (8 + 4) * 2 worked out as 8 + 4 * 2."""
    for step, s in enumerate(task.worked.sums):
        left = s.shown.rpartition("=")[0].replace("×", "*").replace("÷", "/")
        if "(" not in left or not re.fullmatch(r"[$£€\d.,\s()+*/-]+", left):
            continue
        operands = tuple(re.findall(r"[$£€]?\d[\d,]*(?:\.\d+)?", left))
        ops = tuple(re.findall(r"[+*/-]", left))
        if len(operands) == len(ops) + 1:
            yield from _recomputed(task, step, "brackets", operands, ops, compute([*map(value_of, operands)], ops))


def left_to_right(task: Task) -> Iterator[Wrong]:
    """A sum worked out from left to right where a product comes first: 5 + 3 * 2 = 16."""
    for step, s in enumerate(task.worked.sums):
        if len(s.ops) < 2:
            continue
        result: Fraction | None = s.values[0]
        for op, value in zip(s.ops, s.values[1:], strict=True):
            result = compute((result, value), (op,)) if result is not None else None
        yield from _recomputed(task, step, "left_to_right", s.operands, s.ops, result)


def _recomputed(
    task: Task, step: int, name: str, operands: tuple[str, ...], ops: tuple[str, ...], result: Fraction | None
) -> Iterator[Wrong]:
    if result is not None:
        yield from change(task, step, make_sum(operands, ops, show(result, task.worked.sums[step].result)), name)
