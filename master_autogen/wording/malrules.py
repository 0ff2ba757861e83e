"""Executable mistakes: from a worked solution to a wrong one in which everything after the mistake follows from it.

Each rule is what children really do. A result that no child would believe (negative or broken people), or that gives
the right answer after all, is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from master_autogen.arithmetic import numbers
from master_autogen.wording import meaning_rules, plan_rules, step_rules
from master_autogen.wording.carry import Task, Wrong
from master_autogen.wording.worked import Sentence, Worked, value_of

Rule = Callable[[Task], Iterator[Wrong]]

RULES: Mapping[str, Rule] = {
    "operation": step_rules.operation,
    "misread": step_rules.misread,
    "carry": step_rules.carry,
    "borrow": step_rules.borrow,
    "times_table": step_rules.times_table,
    "zeros": step_rules.zeros,
    "off_by_one": step_rules.off_by_one,
    "used_twice": step_rules.used_twice,
    "left_out": step_rules.left_out,
    "brackets": step_rules.brackets,
    "left_to_right": step_rules.left_to_right,
    "stopped_early": plan_rules.stopped_early,
    "skipped_step": plan_rules.skipped_step,
    "step_order": plan_rules.step_order,
    "percent": meaning_rules.percent,
    "percent_base": meaning_rules.percent_base,
    "part": meaning_rules.part,
    "comparison": meaning_rules.comparison,
    "additive": meaning_rules.additive,
    "unit": meaning_rules.unit,
}


def wrongs(solution: Worked, question: str) -> dict[str, list[Wrong]]:
    """Every plausible wrong solution, by the name of its rule; rules that do not fit are missing."""
    task = Task(solution, question, frozenset(number.value for number in numbers(question)))
    found = {name: [wrong for wrong in rule(task) if _plausible(wrong, task)] for name, rule in RULES.items()}
    return {name: some for name, some in found.items() if some}


def _broken(sentence: Sentence) -> bool:
    """Whether the sum comes to a part of something that is not money."""
    s = sentence.sum
    return s is not None and s.value.denominator > 1 and s.result[:1] not in "$£€"


def _counted(sentence: Sentence) -> str:
    return " ".join(sentence.after.split()[:1]).strip(".,;")


def _plausible(wrong: Wrong, task: Task) -> bool:
    right = value_of(task.worked.answer)
    whole = all(value.denominator == 1 for s in task.worked.sums for value in (*s.values, s.value))
    known = {s.value for s in task.worked.sums}
    largest = max([*(abs(s.value) for s in task.worked.sums), *task.given])
    broken = {_counted(sentence) for sentence in task.worked.sentences if _broken(sentence)}
    for sentence in wrong.sentences:
        s = sentence.sum
        if _broken(sentence) and _counted(sentence) not in broken:  # half a person
            return False
        if s is None or not s.ops:
            continue
        values = (*s.values, s.value)
        if s.value == 1 and s.value not in known:  # "1 toy cars"
            return False
        if min(values) <= 0 or s.value > 30 * largest or (whole and s.value.denominator > 1):
            return False
        if any((value * 100).denominator > 1 for value in values):
            return False
    said = {number.value for number in numbers(wrong.text)}
    if right.denominator == 1 and value_of(wrong.final).denominator > 1:
        return False
    return value_of(wrong.final) != right and (right not in said or right in task.given)
