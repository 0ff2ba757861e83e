"""Selection: from the rewards of earlier rounds to the probabilities that cast the next. Arithmetic only.

`RULES` holds the rules by name; each is a function of the `Past` of one scenario and task type.

>>> from master_autogen.records import Pair
>>> pairs = [Pair(instruction="teacher", response=student) for student in ("hasty", "careful")]
>>> RULES["paper"](Past(pairs, rounds=[[(0, 0.0), (1, 1.0)]], beta=1.0)).probabilities
[0.25, 0.75]
"""

from master_autogen.selection.candidates import enough
from master_autogen.selection.rules import (
    BETA,
    DEFAULT,
    FLOOR,
    RULES,
    Arm,
    Interval,
    Past,
    Rewards,
    Rule,
    Selection,
    paper,
    start,
    uniform,
    wilson,
)

__all__ = [
    "BETA",
    "DEFAULT",
    "FLOOR",
    "RULES",
    "Arm",
    "Interval",
    "Past",
    "Rewards",
    "Rule",
    "Selection",
    "enough",
    "paper",
    "start",
    "uniform",
    "wilson",
]
