"""Rows with tests: HumanEval's and MBPP's layouts, and a column of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from master_autogen.records import Seed
from master_autogen.seeds import load_seeds

# In the layout of openai/human-eval and google-research-datasets/mbpp; the tasks are this project's own.
HUMANEVAL = {
    "task_id": "X/0",
    "prompt": "\n\ndef add(a, b):\n    '''Adds.'''\n",
    "entry_point": "add",
    "canonical_solution": "    return a + b\n",
    "test": "\n\nMETADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1, 2) == 3\n\n",
}
MBPP = {
    "task_id": 1,
    "text": "Write a function that adds.",
    "code": "def add(a, b):\r\n  return a + b",
    "test_list": ["assert add(1, 2) == 3", "assert add(0, 0) == 0"],
    "test_setup_code": "",
    "challenge_test_list": ["assert add(-1, 1) == 0"],
}
PROGRAM = "```python\ndef add(a, b):\n  return a + b\n```"
SHOWN = "Write a function that adds.\nYour program should pass this test:\n\n```python\nassert add(1, 2) == 3\n```"


def load(tmp_path: Path, *rows: dict[str, Any], **how: Any) -> Seed:
    path = tmp_path / "tasks.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return load_seeds(str(path), **how).seeds[0]


def test_humaneval_gives_the_whole_program_and_its_check_is_called(tmp_path: Path) -> None:
    seed = load(tmp_path, HUMANEVAL)
    assert seed == load(tmp_path, HUMANEVAL, preset="humaneval").model_copy(
        update={"source": "tasks.jsonl", "licence": ""}
    )
    assert seed.instruction == "def add(a, b):\n    '''Adds.'''"
    assert seed.response == "```python\ndef add(a, b):\n    '''Adds.'''\n    return a + b\n```"
    assert seed.answer == "METADATA = {}\n\n\ndef check(candidate):\n    assert candidate(1, 2) == 3\n\ncheck(add)"
    assert seed.kind == "code"


def test_mbpp_shows_its_first_test_and_is_checked_by_all(tmp_path: Path) -> None:
    seed = load(tmp_path, MBPP, preset="mbpp")
    assert (seed.instruction, seed.response, seed.kind, seed.licence) == (SHOWN, PROGRAM, "code", "CC BY 4.0")
    assert seed.answer == "assert add(1, 2) == 3\nassert add(0, 0) == 0\nassert add(-1, 1) == 0"
    sanitized = {"prompt": MBPP["text"], "code": MBPP["code"], "test_list": MBPP["test_list"], "test_imports": ["import math"]}  # fmt: skip
    seed = load(tmp_path, sanitized)
    assert (seed.instruction, seed.response) == (SHOWN, PROGRAM)
    assert seed.answer == "import math\nassert add(1, 2) == 3\nassert add(0, 0) == 0"


def test_a_column_of_tests_is_the_answer_of_a_row_without_one(tmp_path: Path) -> None:
    row: dict[str, Any] = {"instruction": "Add.", "response": PROGRAM}
    for tests in ("assert add(1, 2) == 3\nassert add(0, 0) == 0", MBPP["test_list"]):
        seed = load(tmp_path, {**row, "tests": tests})
        assert (seed.answer, seed.kind) == ("assert add(1, 2) == 3\nassert add(0, 0) == 0", "code")
    assert load(tmp_path, {**row, "answer": "assert add(1, 1)", "tests": "assert 0"}).answer == "assert add(1, 1)"
    mapped = load(tmp_path, {"q": "Add.", "r": PROGRAM, "t": "assert add(1, 1)"}, columns={"instruction": "q", "response": "r", "answer": "t"})  # fmt: skip
    assert (mapped.answer, mapped.kind) == ("assert add(1, 1)", "code")


def test_rows_that_are_no_task_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    odd = [{**HUMANEVAL, "entry_point": "a b"}, {**HUMANEVAL, "canonical_solution": ""}, HUMANEVAL]
    path.write_text("\n".join(map(json.dumps, odd)), encoding="utf-8")
    assert [refusal.why for refusal in load_seeds(str(path)).refused] == [
        "entry_point 'a b' is no name of a function",
        "no response (program is empty)",
    ]
    path.write_text("\n".join(map(json.dumps, [{**MBPP, "test_list": [1]}, MBPP])), encoding="utf-8")
    assert [refusal.why for refusal in load_seeds(str(path)).refused] == [
        "column 'test_list' holds tests that are not text"
    ]
