"""Checks: code that measures one turn. Each is a function from a `CheckInput` to a `CheckFinding`, found by its name.

>>> seed = Seed(instruction="What is 2 + 2?", response="2 + 2 = 4. The answer is 4.", answer="4", kind="math")
>>> check("right_answer", CheckInput(target=seed, text="The answer is 5.", role="student", phase="solve")).detail
'says 5, which is wrong'
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from master_autogen.checks.answers import no_calculation, no_leak, right_answer, sound_steps, verify, wrong_answer
from master_autogen.checks.finding import CheckFinding, CheckInput
from master_autogen.checks.form import complete, not_empty, one_speaker
from master_autogen.checks.majority import majority
from master_autogen.checks.sandbox import require as require_code_check
from master_autogen.records import Seed

__all__ = ["REGISTRY", "SLOW", "CheckFinding", "CheckInput", "Seed", "check", "require_code_check", "verify"]

Check = Callable[[CheckInput], CheckFinding]

REGISTRY: Mapping[str, Check] = {
    "not_empty": not_empty,
    "complete": complete,
    "one_speaker": one_speaker,
    "no_leak": no_leak,
    "no_calculation": no_calculation,
    "wrong_answer": wrong_answer,
    "right_answer": right_answer,
    "sound_steps": sound_steps,
    "majority": majority,
}
"""The names are those of `records.CHECKS`, which scenario files are read against."""

SLOW = frozenset({"right_answer", "wrong_answer", "no_leak"})
"""May take long (symbolic maths, a program to run): the classroom awaits them, so that other lessons go on."""


def check(name: str, turn: CheckInput) -> CheckFinding:
    """What the check `name` finds of this turn. Raises KeyError for a name that `records.CHECKS` does not list."""
    return REGISTRY[name](turn)
