"""Quality from pairwise verdicts (Star-Agents eq. 6): reading a judge's reply, and what two verdicts say together."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from master_autogen.prompts import TemplateFault, variables
from master_autogen.records import Verdict
from master_autogen.yaml_files import Fault, Located, find, locate, parse

Place = Literal["first", "second", "tie"]

SHOWN = frozenset({"question", "reference", "first", "second"})


class Reply(BaseModel):
    """What a judge has to answer, as JSON; sent as a schema to endpoints that take one."""

    model_config = ConfigDict(extra="ignore")

    reason: str = ""
    better: Place


class Rubric(BaseModel):
    """A judge file: `prompt` is the system message, `ask` shows the question, the reference and both lessons, `again`
    asks once more where a reply could not be read."""

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


def response_format() -> dict[str, Any]:
    """The reply's JSON schema in the form OpenAI-compatible endpoints take."""
    schema = Reply.model_json_schema()
    schema |= {"additionalProperties": False, "required": ["reason", "better"]}
    return {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}


def read_reply(text: str) -> Reply | str:
    """The judge's reply, or the reason it cannot be read. A fenced block or talk around the object is forgiven."""
    found = re.search(r"\{.*\}", text, re.DOTALL)
    if found is None:
        return "no JSON object in the reply"
    try:
        return Reply.model_validate(json.loads(found.group()))
    except json.JSONDecodeError as error:
        return f"not JSON: {error.msg}"
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(str(p) for p in first['loc'])}: {first['msg']}"


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
