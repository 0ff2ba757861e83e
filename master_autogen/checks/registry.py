"""Checks by name. The shipped ones enter in `checks`, a user's own by `register`."""

from __future__ import annotations

from collections.abc import Callable

from master_autogen.checks.finding import CheckFinding, CheckInput

Check = Callable[[CheckInput], CheckFinding]

REGISTRY: dict[str, Check] = {}
"""Its names are those of `records.CHECKS`, which scenario files are read against."""

SLOW: set[str] = set()
"""Checks that may take long (symbolic maths, a program to run): the classroom runs them in a thread, so that other
lessons go on."""
