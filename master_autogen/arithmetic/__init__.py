"""Read the arithmetic in a text: its numbers, its equations and whether they hold, its final answer.

Pure rules over text, exact in fractions; no model, no guess. What cannot be read for certain is None, not False: an
equation with a variable, or one whose left side starts before what was understood.

>>> [e.true for e in equations("He has 9 + 6 = 15 cars, then 15 - 4 = 12.")]
[True, False]
>>> final_answer("So the answer is 48 + 36 = 84 eggs.")
'84'
"""

from __future__ import annotations

from master_autogen.arithmetic.amounts import Amount, amounts
from master_autogen.arithmetic.answers import one_amount, same_amount, same_answer
from master_autogen.arithmetic.equations import Equation, equations, equations_of_whole, signature
from master_autogen.arithmetic.finals import Final, final_answer, is_expression, read_final, rivals
from master_autogen.arithmetic.hints import has_figure, may_hold_amount, runs_of_whole
from master_autogen.arithmetic.plain import plain, powers, squeezed
from master_autogen.arithmetic.statements import Statement, statement
from master_autogen.arithmetic.tokens import Number, numbers
from master_autogen.arithmetic.units import asked_unit

__all__ = [
    "Amount",
    "Equation",
    "Final",
    "Number",
    "Statement",
    "amounts",
    "asked_unit",
    "equations",
    "equations_of_whole",
    "final_answer",
    "has_figure",
    "is_expression",
    "may_hold_amount",
    "numbers",
    "one_amount",
    "plain",
    "powers",
    "read_final",
    "rivals",
    "runs_of_whole",
    "same_amount",
    "same_answer",
    "signature",
    "squeezed",
    "statement",
]
