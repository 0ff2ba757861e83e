"""Mistakes about what a number stands for: a percentage taken for an amount or of the wrong whole, a part for the
rest, a difference for an amount, "times as many" for "more", an amount in another unit.

What the question says is read by patterns of English; where they do not match, the rule does not apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from master_autogen.arithmetic import numbers
from master_autogen.wording.carry import Task, Wrong, binary_steps, change, halted, same_kind, without
from master_autogen.wording.phrases import Conversion, english
from master_autogen.wording.worked import Sentence, Sum, compute, make_sum, show, value_of

_MORE = r"(?:more|fewer|less|\w{3,}er)"
_LESS = r"(?:fewer|less|younger|shorter|cheaper|smaller|slower|lower|lighter)"
_TIMES = {Fraction(2): "twice|double", Fraction(3): "triple|thrice"}
_COMPARED = r"(?:as|more|the|that|what|their|his|her|its|older|bigger|larger|longer)"


def percent(task: Task) -> Iterator[Wrong]:
    """A percentage taken for a plain number: taken away where its part belongs, or from the whole."""
    for named, step, _ in _percentages(task):
        if step + 1 < len(task.worked.sums):
            yield from without(task, step, named, "percent")
        else:
            yield from _plain_percent(task, step, named)


def _percentages(task: Task) -> Iterator[tuple[str, int, Sum]]:
    """Each percentage of the question, with the steps that take it of something."""
    for named in re.findall(r"(\d+)\s?(?:%|percent)", task.question):
        for step, s in enumerate(task.worked.sums):
            part = {Fraction(named), Fraction(int(named), 100)} & {number.value for number in numbers(s.shown)}
            if part and set(s.ops) <= {"*", "/"} and s.op != "/":
                yield named, step, s


def _plain_percent(task: Task, step: int, named: str) -> Iterator[Wrong]:
    wholes = [text for s in task.worked.sums for text, value in zip(s.operands, s.values, strict=True)]
    wholes = [text for text in wholes if value_of(text) in task.given and value_of(text) > int(named)]
    if wholes:
        new = make_sum((wholes[0], named), ("-",), show(value_of(wholes[0]) - int(named), wholes[0]))
        sentence = Sentence("", new, task.worked.sentences[task.worked.steps[step]].after, bare=True)
        yield Wrong("percent", 1, (sentence,), new.result, {"number": named})


def percent_base(task: Task) -> Iterator[Wrong]:
    """A percentage of the wrong whole: of what there was at first where it is of the rest."""
    for named, step, s in _percentages(task):
        parts = {Fraction(named), Fraction(int(named), 100), Fraction(100)}
        for i, value in enumerate(s.values):
            if value in parts:
                continue
            for text in _other_wholes(task, step, value):
                if value_of(text) not in parts and same_kind(text, s.operands[i]):
                    operands = (*s.operands[:i], text, *s.operands[i + 1 :])
                    result = compute([value_of(operand) for operand in operands], s.ops)
                    if result is not None:
                        new = make_sum(operands, s.ops, show(result, s.result))
                        yield from change(task, step, new, "percent_base", bare=True, number=named)


def _other_wholes(task: Task, step: int, whole: Fraction) -> Iterator[str]:
    """What there was before `whole` was left or came about, and what was left of it, or became of it, before `step`."""
    for t in task.worked.sums[:step]:
        if t.ops and set(t.ops) <= {"+", "-"}:
            if t.value == whole:
                yield t.operands[0]
            elif t.values[0] == whole:
                yield t.result


def takes_part(s: Sum, before: Sum) -> bool:
    """Whether `s` takes what `before` has found away from something: the part has been found, the rest is asked for."""
    return s.op == "-" and s.values[1] == before.value


def part(task: Task) -> Iterator[Wrong]:
    """The part that goes away taken for the rest that stays."""
    sums = task.worked.sums
    for step, s in binary_steps(task):
        if step and takes_part(s, sums[step - 1]):
            if step + 1 == len(sums):
                yield from halted(task, "part")
            else:
                yield from without(task, step, s.operands[1], "part", should="-")


def comparison(task: Task) -> Iterator[Wrong]:
    """A difference taken for the amount: "5 more than Ann" read as 5."""
    for step, s in binary_steps(task):
        for text in s.operands[s.op == "-" :] if s.op in "+-" else ():
            how = _LESS if s.op == "-" else rf"(?!{_LESS}){_MORE}"
            said = rf"(?<![\d.]){re.escape(text)}\s+(?:(?!and\b)[a-z-]+\s+){{0,2}}{how}\b[^.?!]{{0,60}}\bthan\b"
            if value_of(text) in task.given and same_kind(text, s.result) and re.search(said, task.question):
                yield from without(task, step, text, "comparison", should=s.op)


def times_as_many(question: str, value: Fraction) -> str:
    """The words by which the question says that something is `value` times something else; nothing if it does not."""
    known = _TIMES.get(value)
    said = rf"(?<![\d.]){value}\s+times" + (rf"|\b(?:{known})" if known else "")
    told = re.search(rf"(?i)(?:{said})\s+{_COMPARED}\b", question)
    return told[0] if told else ""


def additive(task: Task) -> Iterator[Wrong]:
    """ "3 times as many" taken for "3 more"."""
    for step, s in binary_steps(task):
        for i in range(2):
            figure = s.operands[i][:1].isdigit() and s.values[1 - i] > s.values[i]
            told = times_as_many(task.question, s.values[i])
            if s.op == "*" and figure and told:
                operands = (s.operands[1 - i], s.operands[i])
                new = make_sum(operands, ("+",), show(s.values[0] + s.values[1], s.result))
                yield from change(task, step, new, "additive", bare=True, number=s.operands[i], told=told)


def conversion(task: Task, s: Sum) -> tuple[Conversion, str] | None:
    """The change of units that `s` makes, with the amount that it changes; None where it makes none."""
    if not s.binary or s.op not in "*/":
        return None
    for known in english().conversions:
        for i in range(2) if s.op == "*" else (1,):
            told = s.values[i] == known.factor and Fraction(known.factor) not in task.given
            if (
                told
                and s.values[1 - i] >= 1
                and _speaks_of(known.large, task.text)
                and _speaks_of(known.small, task.text)
            ):
                return known, s.operands[1 - i]
    return None


def _speaks_of(words: list[str], text: str) -> bool:
    return any(re.search(rf"(?i)(?<!\w){re.escape(word)}(?!\w)" if word != "$" else r"\$", text) for word in words)


def _untold(task: Task, known: Conversion) -> Task:
    """Without sentences that only tell how many small units make a large one."""
    kept = tuple(
        sentence
        for sentence in task.worked.sentences
        if sentence.sum is not None or known.factor not in {number.value for number in numbers(sentence.before)}
    )
    return replace(task, worked=replace(task.worked, sentences=kept))


def unit(task: Task) -> Iterator[Wrong]:
    """An amount used in the unit that it is told in, not in the one that is needed."""
    sums = task.worked.sums
    for step, s in binary_steps(task):
        if (found := conversion(task, s)) is None:
            continue
        known, amount = found
        units = {"large": known.large[0], "small": known.small[0], "should": s.op}
        if step + 1 < len(sums):
            yield from without(_untold(task, known), step, amount, "unit", **units)
        elif step and sums[step - 1].value == value_of(amount):
            yield from halted(task, "unit", **units)
