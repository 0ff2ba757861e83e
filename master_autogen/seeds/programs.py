"""Programming tasks with tests: rows whose tests become the seed's answer, plain Python that a right program passes.

HumanEval's `check(candidate)` is called with the function that is asked for; MBPP's list of assertions is joined, and
its first one shown in the question, which does not name the function otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping

from master_autogen.seeds.records import Refused

PROMPT, PROGRAM, TESTS = "prompt", "program", "tests"


def humaneval(cells: Mapping[str, object]) -> Mapping[str, object]:
    """Adds the whole program, head and body, and the tests with their call."""
    columns = ("prompt", "canonical_solution", "test", "entry_point")
    head, body, tests, name = (str(cells.get(column) or "") for column in columns)
    if not name.isidentifier():
        raise Refused(f"entry_point {name!r} is no name of a function")
    return {**cells, PROGRAM: _fenced(head + body) if body else "", TESTS: f"{tests.strip()}\n\ncheck({name})"}


def mbpp(cells: Mapping[str, object]) -> Mapping[str, object]:
    """Adds the question with its first test, the program and all tests, with what they import or set up."""
    listed = _lines(cells, "test_list")
    question = str(cells.get("text") or cells.get("prompt") or "").strip()
    setup = [*_lines(cells, "test_imports"), *_lines(cells, "test_setup_code")]
    shown = f"{question}\nYour program should pass this test:\n\n```python\n{listed[0]}\n```" if listed else question
    code = str(cells.get("code") or "")
    tests = "\n".join([*setup, *listed, *_lines(cells, "challenge_test_list")]) if listed else ""
    return {**cells, PROMPT: shown if question else "", PROGRAM: _fenced(code) if code else "", TESTS: tests}


def own_tests(cells: Mapping[str, object]) -> Mapping[str, object]:
    """A column `tests`, a text or a list of them, as the answer of a row that has none."""
    if cells.get("answer") or not cells.get(TESTS):
        return cells
    return {**cells, "answer": "\n".join(_lines(cells, TESTS)), "kind": cells.get("kind") or "code"}


def _lines(cells: Mapping[str, object], column: str) -> list[str]:
    found = cells.get(column)
    lines: list[str] = []
    for text in found if isinstance(found, list) else [found] if found else []:
        if not isinstance(text, str):
            raise Refused(f"column {column!r} holds tests that are not text")
        lines += [text.replace("\r\n", "\n").strip()] if text.strip() else []
    return lines


def _fenced(code: str) -> str:
    text = code.replace("\r\n", "\n").strip()
    return f"```python\n{text}\n```"
