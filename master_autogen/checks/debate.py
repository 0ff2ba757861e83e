"""Checks of a debate: a conclusion that weighs what was said before it."""

from __future__ import annotations

import re

from master_autogen.arithmetic import numbers
from master_autogen.checks.finding import PASSED, CheckFinding, CheckInput
from master_autogen.checks.text import content, prose, runs, words

_QUOTED = 5
"""Words in a row that two texts have by chance only where the question has them too."""
_TAKEN_UP = 2
"""Content words of the others' own that show that they were heard."""
_DID = (
    r"(?:says?|said|is|was|has|had|does|did|takes?|took|gives?|gave|gets?|got|makes?|made|thinks?|thought|adds?|added|"
    r"forgets?|forgot|starts?|started|uses?|used|claims?|claimed|argues?|argued|points?|pointed|who|right|wrong)"
)
_OTHERS = re.compile(
    r"(?i:\bboth (?:of (?:them|you)|students?|solutions|answers|approaches|arguments)\b|"
    r"\b(?:first|second|other|previous) (?:student|speaker|classmate|solution|answer|approach|argument)\b|"
    r"\b(?:my|the|two|other) (?:classmates?|peers|students)\b|\b(?:discussion|debate)\b|\bneither (?:of|student)\b|"
    r"\bas (?:you|they) (?:both )?(?:said|say|argued|pointed out)\b)"
)


def weighs_debate(turn: CheckInput) -> CheckFinding:
    """Names the others, quotes them, or takes up a number or words that are theirs alone.

    None where all it shares with them stands in the reference too: it may have listened, or just solved the question.
    """
    if not turn.said:
        return CheckFinding(passed=None, detail="nothing was said before it")
    if _OTHERS.search(turn.text) or _names(turn):
        return PASSED
    own = f"{turn.target.instruction}\n{turn.target.response}"
    said = "\n".join(turn.said)
    mine, theirs = words(turn.text), [run for text in turn.said for run in runs(words(text), _QUOTED)]
    if not set(runs(mine, _QUOTED)).isdisjoint(set(theirs) - set(runs(words(own), _QUOTED))):
        return PASSED
    text = prose(turn.text)
    if (_figures(text) & _figures(said)) - _figures(own) or len((content(text) & content(said)) - content(own)) >= (
        _TAKEN_UP
    ):
        return PASSED
    asked = turn.target.instruction
    if (_figures(text) & _figures(said)) - _figures(asked) or (content(text) & content(said)) - content(asked):
        return CheckFinding(passed=None, detail="could not tell whether it takes up what was said or solves by itself")
    return CheckFinding(passed=False, detail="takes up nothing of what the others said")


def _names(turn: CheckInput) -> bool:
    """Whether it names a speaker: by the role's name, or by its letter (A alone is an article)."""
    roles = {role for role in turn.speakers if role != turn.role} or {"student_a", "student_b"}
    spoken = "|".join(re.escape(role).replace("_", "[ _]") for role in roles)
    if re.search(rf"(?i)\b(?:{spoken})\b", turn.text):
        return True
    letters = {role[-1].upper() for role in roles if re.search(r"_[a-z]$", role)}
    if not letters or turn.target.kind == "choice":
        return False
    after = rf"(?:['’]s\b| (?:and|or) [A-Z]\b| {_DID}\b)"
    return (
        re.search(rf"\b[{''.join(sorted(letters))}]{after}|\b(?:and|or|with|than|by|of) [B-Z]\b", turn.text) is not None
    )


def _figures(text: str) -> set[object]:
    return {number.value for number in numbers(prose(text))}
