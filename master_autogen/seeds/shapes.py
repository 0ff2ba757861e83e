"""How the rows of well-known data sets are laid out.

A column is written `question`, `title+question` (joined by a blank line, empty ones left out) or `instances.0.input`
(inside a nested one). Conversations give their first human turn and the first reply to it; a system turn is left out,
for the question opens a lesson verbatim and should not carry orders to another assistant.

Where no preset is named, the columns `answer` and `kind` are a row's own even if nothing says so, unless they are taken
for something else: `answer` where it is short enough to be a final answer, `kind` where it holds kinds of this project.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from master_autogen.errors import UserError
from master_autogen.records import Kind
from master_autogen.seeds.programs import PROGRAM, PROMPT, TESTS, humaneval, mbpp, own_tests
from master_autogen.seeds.records import Refused

Cells = Mapping[str, object]

FIELDS = ("instruction", "response", "answer", "kind", "source", "licence")
EXAMPLE = "--columns instruction=question,response=answer"

_HUMAN = "conversations (human)"
_GPT = "conversations (gpt)"


class Shape(NamedTuple):
    """Which column holds what. `optional` columns may be missing; `prepare` is applied to each row before."""

    columns: Mapping[str, str]
    optional: frozenset[str] = frozenset()
    prepare: Callable[[Cells], Cells] = lambda cells: cells


class Preset(NamedTuple):
    """A known data set: its shape, and where it says so its id on the hub, kind, source and licence."""

    shape: Shape
    hub: str = ""
    kind: Kind | None = None
    source: str = ""
    licence: str = ""


def first_exchange(cells: Cells) -> Cells:
    """Adds the first human turn and the first reply to it, from `conversations` (from/value) or `messages`
    (role/content)."""
    turns = cells.get("conversations", cells.get("messages"))
    if not isinstance(turns, list):
        return cells
    found: dict[str, object] = {_HUMAN: None, _GPT: None}
    for turn in turns:
        if not isinstance(turn, Mapping):
            raise Refused(f"a turn of the conversation is a {type(turn).__name__}, not an object")
        who, text = turn.get("from", turn.get("role")), turn.get("value", turn.get("content"))
        if who in ("human", "user") and not found[_HUMAN]:
            found[_HUMAN] = text
        if who in ("gpt", "assistant", "chatgpt", "bard", "bing") and found[_HUMAN]:
            found[_GPT] = text
            break
    return {**cells, **found}


def without_annotations(cells: Cells) -> Cells:
    """GSM8K's answers without their calculator annotations: `8*5 = <<8*5=40>>40` becomes `8*5 = 40`."""
    answer = cells.get("answer")
    return {**cells, "answer": re.sub(r"<<[^<>]*>>", "", answer)} if isinstance(answer, str) else cells


def answer_for_solution(cells: Cells) -> Cells:
    """A row without a solution has its answer for one."""
    return cells if cells.get("solution") else {**cells, "solution": cells.get("answer")}


OWN = Shape(
    {"instruction": "instruction", "response": "response", "answer": "answer", "kind": "kind"},
    optional=frozenset({"answer", "kind"}),
    prepare=own_tests,
)
ALPACA = Shape({"instruction": "instruction+input", "response": "output"}, optional=frozenset({"input"}))
SHAREGPT = Shape({"instruction": _HUMAN, "response": _GPT}, prepare=first_exchange)
PROCQA = Shape({"instruction": "title+question", "response": "answer"})
QUESTION_ANSWER = Shape({"instruction": "question", "response": "answer"})
QUESTION_SOLUTION = Shape({"instruction": "question", "response": "solution"}, prepare=answer_for_solution)
PROBLEM_SOLUTION = Shape({"instruction": "problem", "response": "solution"}, prepare=answer_for_solution)
GSM8K = Shape({"instruction": "question", "response": "answer"}, prepare=without_annotations)

HUMANEVAL = Shape(
    {"instruction": "prompt", "response": PROGRAM, "answer": TESTS},
    prepare=humaneval,
)
MBPP = Shape({"instruction": PROMPT, "response": PROGRAM, "answer": TESTS}, prepare=mbpp)

PRESETS: dict[str, Preset] = {
    "orca-math": Preset(
        QUESTION_ANSWER,
        hub="microsoft/orca-math-word-problems-200k",
        kind="math",
        source="microsoft/orca-math-word-problems-200k",
        licence="MIT",
    ),
    "openhermes": Preset(
        SHAREGPT,
        hub="teknium/OpenHermes-2.5",
        source="teknium/OpenHermes-2.5",
        licence="mixed, by upstream source; see the data set's card",
    ),
    "procqa": Preset(PROCQA, kind="code", source="ProCQA (Stack Overflow)", licence="CC BY-SA 4.0"),
    "sharegpt": Preset(SHAREGPT),
    "alpaca": Preset(ALPACA),
    "gsm8k": Preset(GSM8K, kind="math", source="openai/grade-school-math", licence="MIT"),
    "humaneval": Preset(
        HUMANEVAL, hub="openai/openai_humaneval", kind="code", source="openai/human-eval", licence="MIT"
    ),
    "mbpp": Preset(
        MBPP,
        hub="google-research-datasets/mbpp",
        kind="code",
        source="google-research-datasets/mbpp",
        licence="CC BY 4.0",
    ),
}
"""`sharegpt` and `alpaca` are shapes that many data sets have: source and licence are the row's own, if it has them."""


def detect(name: str, rows: Sequence[Cells]) -> Shape:
    """The shape of these first rows by their column names; `UserError` if none fits."""
    names = column_names(rows)
    answers, solutions = ([str(row.get(name) or "") for row in rows] for name in ("answer", "solution"))
    if "question" in names and sum(map(len, answers)) > sum(map(len, solutions)):
        names = [name for name in names if name != "solution"]  # it holds no more than the result of the answer
    for wanted, shape in (
        ({"instruction", "response"}, OWN),
        ({"prompt", "canonical_solution", "test", "entry_point"}, HUMANEVAL),
        ({"text", "code", "test_list"}, MBPP),
        ({"prompt", "code", "test_list"}, MBPP),
        ({"instruction", "output"}, ALPACA),
        ({"conversations"}, SHAREGPT),
        ({"messages"}, SHAREGPT),
        ({"title", "question", "answer"}, PROCQA),
        ({"question", "solution"}, QUESTION_SOLUTION),
        ({"problem", "solution"}, PROBLEM_SOLUTION),
        ({"question", "answer"}, GSM8K if any("\n####" in text for text in answers) else QUESTION_ANSWER),
    ):
        if wanted <= set(names):
            return shape
    raise UserError(
        f"{name}: cannot tell which columns hold the question and the answer; the columns are {', '.join(names)}: "
        f"name them, as in {EXAMPLE}"
    )


def mapped(shape: Shape | None, columns: Mapping[str, str]) -> Shape:
    """`shape` with these columns in place of its own; `UserError` if a field is not known or one is missing."""
    for field in columns:
        if field not in FIELDS:
            raise UserError(
                f"columns: there is no field {field!r}; the fields are {', '.join(FIELDS)}, as in {EXAMPLE}"
            )
    base = shape or Shape({})
    named = base._replace(columns={**base.columns, **columns}, optional=base.optional - set(columns.values()))
    for field in ("instruction", "response"):
        if field not in named.columns:
            raise UserError(f"columns: {field} is not named; both sides are needed, as in {EXAMPLE}")
    return named


def column_names(rows: Iterable[Cells]) -> list[str]:
    """The column names of these rows, in order of appearance."""
    return list(dict.fromkeys(str(column) for row in rows for column in row))
