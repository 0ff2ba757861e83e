"""Checks: code that measures one turn. Each is a function from a `CheckInput` to a `CheckFinding`, found by its name.

>>> seed = Seed(instruction="What is 2 + 2?", response="2 + 2 = 4. The answer is 4.", answer="4", kind="math")
>>> check("right_answer", CheckInput(target=seed, text="The answer is 5.", role="student", phase="solve")).detail
'says 5, which is wrong'

A check of your own is a function with a name; `register` says how.
"""

from __future__ import annotations

from collections.abc import Sequence

from master_autogen.arithmetic import squeezed
from master_autogen.checks.answers import right_answer, sound_steps, verify, wrong_answer
from master_autogen.checks.debate import weighs_debate
from master_autogen.checks.drift import no_meta, not_repeated, on_topic, same_language
from master_autogen.checks.finding import CheckFinding, CheckInput
from master_autogen.checks.form import complete, not_empty, one_speaker
from master_autogen.checks.leaks import no_calculation, no_echo, no_leak
from master_autogen.checks.majority import majority
from master_autogen.checks.own import OwnChecks, own_checks, register
from master_autogen.checks.registry import REGISTRY, SLOW, Check
from master_autogen.checks.sandbox import require as require_code_check
from master_autogen.records import Seed

__all__ = [
    "REGISTRY",
    "SLOW",
    "Check",
    "CheckFinding",
    "CheckInput",
    "OwnChecks",
    "Seed",
    "check",
    "check_all",
    "own_checks",
    "register",
    "require_code_check",
    "verify",
]

REGISTRY |= {
    "not_empty": not_empty,
    "complete": complete,
    "one_speaker": one_speaker,
    "no_meta": no_meta,
    "same_language": same_language,
    "not_repeated": not_repeated,
    "on_topic": on_topic,
    "no_leak": no_leak,
    "no_calculation": no_calculation,
    "no_echo": no_echo,
    "weighs_debate": weighs_debate,
    "wrong_answer": wrong_answer,
    "right_answer": right_answer,
    "sound_steps": sound_steps,
    "majority": majority,
}

SLOW |= {"right_answer", "wrong_answer", "no_leak", "majority"}


LONGEST = 20_000
"""Characters of a turn; a model that writes more has fallen into a loop, and some checks take the square of it."""


def check(name: str, turn: CheckInput) -> CheckFinding:
    """What the check `name` finds of this turn. Raises KeyError for a name that `records.CHECKS` does not list."""
    return check_all((name,), turn)[0]


def check_all(names: Sequence[str], turn: CheckInput) -> list[CheckFinding]:
    """What each of these checks finds of this turn, in their order."""
    if len(turn.text) > LONGEST:
        told = f"is {len(turn.text):,} characters long; a turn may have {LONGEST:,}"
        return [CheckFinding(passed=False, detail=told)] * len(names)
    if (text := squeezed(turn.text)) != turn.text:
        turn = turn.model_copy(update={"text": text})
    return [REGISTRY[name](turn) for name in names]
