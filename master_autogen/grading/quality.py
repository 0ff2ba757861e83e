"""Quality from pairwise verdicts (Star-Agents eq. 6): a judge's reply read, and what several verdicts say together."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from master_autogen.models.calls import ordered
from master_autogen.prompts import TemplateFault, variables
from master_autogen.records import Episode, Verdict
from master_autogen.yaml_files import Fault, Located, find, locate, parse

Place = Literal["first", "second", "tie"]

SHOWN = frozenset({"question", "reference", "first", "second"})
NO_OBJECT = "no JSON object in the reply"

_LENIENT = json.JSONDecoder(strict=False)
_BRACE = re.compile(r"(?<!\\)[{}]")
# Of JSON the escapes are left; what begins a command is doubled. \sqrt is no escape, \beta and \times only seem one.
_LATEX = re.compile(
    r"(\\\\)|\\(?=[^\"\\/bfnrtu]|[bfr][A-Za-z]|u(?![\da-fA-F]{4})|n(?:abla|eq?|eg|exists|mid|ot|otin|u)(?![A-Za-z])|"
    r"t(?:an|anh|au|ext[a-z]*|frac|heta|herefore|ilde|imes|o|op|riangle)(?![A-Za-z]))"
)


class Reply(BaseModel):
    """What a judge has to answer, as JSON; sent as a schema to endpoints that take one."""

    model_config = ConfigDict(extra="ignore")

    reason: str = ""
    better: Place

    @field_validator("better", mode="before")
    @classmethod
    def _in_small_letters(cls, better: Any) -> Any:
        return better.strip().casefold() if isinstance(better, str) else better


class Rubric(BaseModel):
    """A judge file, `name` and `summary`: `prompt` is the system message, `ask` shows the question, the reference and
    both lessons, `again` asks once more where a reply could not be read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    summary: str = ""
    prompt: str = Field(min_length=1)
    ask: str = Field(min_length=1)
    again: str = Field(min_length=1)


def read_rubric(name: str) -> Rubric:
    """The judge file of this name or path. Raises `UserError` with every fault, by line."""
    return parse(locate(find("judges", name)), Rubric, _faults)


def _faults(rubric: Rubric, doc: Located) -> list[Fault]:
    faults: list[Fault] = []
    for key, template, known, needed in (
        ("prompt", rubric.prompt, SHOWN, frozenset()),
        ("ask", rubric.ask, SHOWN, frozenset({"first", "second"})),
        ("again", rubric.again, frozenset({"why"}), frozenset()),
    ):
        try:
            names = variables(template)
        except TemplateFault as error:
            faults.append(doc.fault((key,), str(error)))
            continue
        for name in sorted(names - known):
            faults.append(
                doc.fault((key,), f"{{{{ {name} }}}}: no such variable; there are: {', '.join(sorted(known))}")
            )
        for name in sorted(needed - names):
            faults.append(doc.fault((key,), f"does not show the {name} lesson: {{{{ {name} }}}}"))
    return faults


@cache
def response_format() -> Mapping[str, Any]:
    """The reply's JSON schema in the form OpenAI-compatible endpoints take."""
    schema = Reply.model_json_schema()
    schema |= {"additionalProperties": False, "required": ["reason", "better"]}
    return ordered({"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}})


def read_reply(text: str) -> Reply | str:
    """The judge's reply, or the reason it cannot be read. A fenced block, talk and braces around the object, raw line
    ends and LaTeX in it are forgiven; of several verdicts the last one counts."""
    if not 0 <= text.find("{") < text.rfind("}"):
        return NO_OBJECT
    text = _LATEX.sub(lambda found: found[1] or "\\\\", text)
    closing, end = _closing(text), 0
    reply: Reply | None = None
    why = ""
    for start in closing:
        if start < end:
            continue
        try:
            said, end = _LENIENT.raw_decode(text, start)
            reply = Reply.model_validate(said)
        except json.JSONDecodeError as error:
            # Not to read a verdict out of an object that is broken itself.
            end = closing[start]
            why = why or f"not JSON: {error.msg}"
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            why = f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}"
        except (ValueError, RecursionError):  # a number of thousands of digits; thousands of brackets
            return "not JSON that can be read"
    return reply or why or NO_OBJECT


def _closing(text: str) -> dict[int, int]:
    """The place of each opening brace, and where it is closed; one that never is ends at once."""
    open_at: list[int] = []
    ends: dict[int, int] = {}
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            open_at.append(brace.start())
            ends[brace.start()] = brace.end()
        elif open_at:
            ends[open_at.pop()] = brace.end()
    return ends


def verdict(place: Place, candidate: Literal["first", "second"]) -> Verdict:
    """What the judge's choice says of the candidate, which was shown in this place."""
    return "tie" if place == "tie" else "better" if place == candidate else "worse"


def pi_llm(ab: Verdict | None, ba: Verdict | None) -> float | None:
    """Eq. 6 over both orders: 1 if the candidate is better, 0 if the base is, 0.5 for a tie or where the swap changes
    the verdict; None where either verdict is missing."""
    if ab is None or ba is None:
        return None
    if ab != ba:
        return 0.5
    return {"better": 1.0, "tie": 0.5, "worse": 0.0}[ab]


class Vote(NamedTuple):
    """One judge's verdicts on a candidate in both orders, or why one is missing."""

    judge: str
    ab: Verdict | None
    ba: Verdict | None
    missing: str | None = None

    @property
    def pi_llm(self) -> float | None:
        return pi_llm(self.ab, self.ba)

    def told(self) -> dict[str, Any]:
        """As the grade's detail keeps it."""
        told = {"judge": self.judge, "ab": self.ab, "ba": self.ba, "pi_llm": self.pi_llm}
        return told if self.missing is None else told | {"missing": self.missing}


class Quality(NamedTuple):
    """What is found of a candidate against its base; `missing` says why `pi_llm` is None."""

    ab: Verdict | None = None
    ba: Verdict | None = None
    pi_llm: float | None = None
    missing: str | None = None
    detail: Mapping[str, Any] = {}


def settled(found: Verdict, why: str) -> Quality:
    """A verdict for which no judge is asked."""
    return Quality(found, found, pi_llm(found, found), detail={"settled": why})


def unread(why: str) -> Quality:
    return Quality(missing=why)


def panel(votes: Sequence[Vote]) -> Quality:
    """What the judges say together: what more than half of those who could be read say, else a tie.

    Each judge has one vote, its verdict over both orders; one that could not be read abstains. Nobody read: no quality.
    """
    values = [vote.pi_llm for vote in votes if vote.pi_llm is not None]
    most = next((value for value in (1.0, 0.5, 0.0) if 2 * values.count(value) > len(values)), 0.5)
    missing = "; ".join(f"{vote.judge}: {vote.missing}" if len(votes) > 1 else str(vote.missing) for vote in votes)
    return Quality(
        ab=_most([vote.ab for vote in votes]),
        ba=_most([vote.ba for vote in votes]),
        pi_llm=most if values else None,
        missing=None if values else missing,
        detail={"judges": [vote.told() for vote in votes]},
    )


def _most(verdicts: Sequence[Verdict | None]) -> Verdict | None:
    """What more than half of those read say in one order, else a tie; None where nobody could be read."""
    read = [found for found in verdicts if found is not None]
    if not read:
        return None
    return next((found for found in read if 2 * read.count(found) > len(read)), "tie")


def found_wrong(episode: Episode) -> str | None:
    """How code found the episode's final answer wrong; None where it is right or could not be told.

    A phase with `on_failure: keep` may leave a wrong answer in a complete episode. What counts is the check of the
    attempt that stands: the last one of the episode, and any of a trained turn.
    """
    standing = {turn.idx: turn for turn in episode.turns}
    checks = [
        check
        for check in episode.checks
        if check.name == "right_answer"
        and check.turn_idx in standing
        and standing[check.turn_idx].attempts == check.attempt
    ]
    last = max((check.turn_idx or 0 for check in checks), default=None)
    for check in checks:
        assert check.turn_idx is not None
        if check.passed is False and (check.turn_idx == last or standing[check.turn_idx].train):
            return check.detail or "the final answer is wrong"
    return None
