"""What is wrong with a solution, as far as code can be certain: the first step that leaves the worked one.

Certain are: the same numbers with another operation, the same calculation with a wrong result, a number read wrongly,
a solution that stops early. Everything else is "other", and a right answer "none".
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from master_autogen.arithmetic import Equation, equations, numbers, read_final, same_answer
from master_autogen.records import Seed
from master_autogen.wording.facts import Notes
from master_autogen.wording.worked import Sum, show, worked


def is_right(text: str, seed: Seed) -> bool | None:
    """Whether the final answer of `text` is the seed's; None where that cannot be told."""
    final = read_final(text)
    if final is None or seed.answer is None or not final.sure:
        return None
    return same_answer(f"{final.text} {final.unit}", seed.answer)


def diagnose(text: str, seed: Seed) -> dict[str, str]:
    """Notes on a solution that code has not planted; "misconception" is always there."""
    right = is_right(text, seed)
    if right:
        return {"misconception": "none"}
    solution = worked(seed)
    found = equations(text)
    final = read_final(text)
    notes = {"misconception": "other", "steps": str(len(found)), "step": "1"}
    if final is not None:
        notes["final"] = final.text
    if solution is None or right is None:
        return notes
    given = frozenset(number.value for number in numbers(seed.instruction))
    return notes | _first_fault(found, solution.sums, given)


def _first_fault(found: Sequence[Equation], reference: Sequence[Sum], given: frozenset[Fraction]) -> dict[str, str]:
    for i, equation in enumerate(found[: len(reference)]):
        right = reference[i]
        if not right.binary or len(equation.operators) != 1 or equation.true is None:
            return {}
        same_numbers = sorted(equation.operands) == sorted(right.values)
        if same_numbers and _same_calculation(equation, right):
            if equation.true:
                continue
            return _notes("slip", i, right, equation.operators[0], given)
        if not equation.true:
            return {}
        if same_numbers and equation.operators[0] != right.op:
            return _notes("operation", i, right, equation.operators[0], given)
        return _misread(i, equation, right, given)
    if 0 < len(found) < len(reference) and reference[len(found)].binary:
        return _notes("stopped_early", len(found) - 1, reference[len(found)], "", given)
    return {}


def _same_calculation(equation: Equation, right: Sum) -> bool:
    return equation.operators[0] == right.op and (right.op in "+*" or equation.operands == right.values)


def _misread(i: int, equation: Equation, right: Sum, given: frozenset[Fraction]) -> dict[str, str]:
    odd = [j for j in range(2) if equation.operands[j] != right.values[j]]
    if equation.operators[0] != right.op or len(odd) != 1:
        return {}
    read, meant = equation.operands[odd[0]], right.values[odd[0]]
    if read in given or meant not in given:
        return {}
    notes = _notes("misread", i, right, right.op, given)
    return notes | {"number": right.operands[odd[0]], "read": show(read, right.operands[odd[0]])}


def _notes(name: str, step: int, right: Sum, used: str, given: frozenset[Fraction]) -> dict[str, str]:
    named = [text for text, value in zip(right.operands, right.values, strict=True) if value in given]
    notes = {"misconception": name, "step": str(step + 1), "should": right.op, "number": named[-1] if named else ""}
    return notes | ({"used": used} if used else {})


def certain(notes: Notes) -> bool:
    """Whether the notes name a mistake, and not just that there is one."""
    return notes.get("misconception", "other") not in ("other", "none")
