"""What a check is given, and what it finds."""

from __future__ import annotations

from pydantic import Field

from master_autogen.records import CodeCheck, Record, Seed


class CheckInput(Record):
    """One turn to check: its `text`, `role` and `phase`, and whether the token limit cut it (`truncated`).

    `target` is the seed it is about; `said` are the texts of the earlier turns that count, `speakers` their roles,
    `teacher` those of them that the pair's instruction side said. `code_check` says how programs may be run.
    """

    target: Seed
    text: str
    role: str
    phase: str
    said: tuple[str, ...] = Field(default_factory=tuple)
    speakers: tuple[str, ...] = ()
    teacher: tuple[str, ...] = ()
    truncated: bool = False
    code_check: CodeCheck = "off"


class CheckFinding(Record):
    """`passed` is None where it could not be told. `detail` holds nothing of the reference that the turn does not say
    itself: it may be told to the speaker."""

    passed: bool | None
    detail: str = ""


PASSED = CheckFinding(passed=True)
"""What most checks find of most turns."""
