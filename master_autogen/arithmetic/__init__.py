"""Read the arithmetic in a text: its numbers, its equations and whether they hold, its final answer.

Pure rules over text, exact in fractions; no model, no guess. What cannot be read for certain is None, not False: an
equation with a variable, or one whose left side starts before what was understood.

>>> [e.true for e in equations("He has 9 + 6 = 15 cars, then 15 - 4 = 12.")]
[True, False]
>>> final_answer("So the answer is 48 + 36 = 84 eggs.")
'84'
"""

from __future__ import annotations

from master_autogen.arithmetic.answers import Final, final_answer, read_final, same_answer
from master_autogen.arithmetic.equations import Equation, equations, signature
from master_autogen.arithmetic.tokens import Number, numbers

__all__ = [
    "Equation",
    "Final",
    "Number",
    "equations",
    "final_answer",
    "numbers",
    "read_final",
    "same_answer",
    "signature",
]
