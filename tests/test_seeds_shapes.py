from __future__ import annotations

from typing import Any

import pytest

from master_autogen.errors import UserError
from master_autogen.seeds.reading import reading, seed_of
from master_autogen.seeds.records import Refused
from master_autogen.seeds.shapes import (
    ALPACA,
    GSM8K,
    OWN,
    PRESETS,
    PROBLEM_SOLUTION,
    PROCQA,
    QUESTION_ANSWER,
    QUESTION_SOLUTION,
    SHAREGPT,
    Shape,
    detect,
    first_exchange,
    mapped,
    without_annotations,
)

# From openai/grade-school-math, grade_school_math/data/train.jsonl, (c) 2021 OpenAI, MIT licence (cut to two rows).
GSM8K_ROWS: list[dict[str, Any]] = [
    {
        "question": "There are some jelly beans in a jar. Three fourths of the jelly beans are red, and one quarter of the "
        "red jelly beans are coconut flavored. If 750 jelly beans are coconut flavored, how many jelly beans are there in "
        "the jar?",
        "answer": "There are 750*4=<<750*4=3000>>3000 red jelly beans.\nAnd there are 3000*4/3=<<3000*4/3=4000>>4000 jelly "
        "beans in total.\n#### 4000",
    },
    {"question": "What is 900 plus 180?", "answer": "900+180=<<900+180=1080>>1080\n#### 1,080"},
]
TURNS = [
    {"from": "system", "value": "Be brief."},
    {"from": "gpt", "value": "Hello."},
    {"from": "human", "value": "Why?"},
    {"from": "gpt", "value": "Because."},
    {"from": "human", "value": "Really?"},
    {"from": "gpt", "value": "Yes."},
]


@pytest.mark.parametrize(
    ("row", "shape"),
    [
        ({"instruction": "q", "response": "r"}, OWN),
        ({"instruction": "q", "input": "", "output": "r"}, ALPACA),
        ({"instruction": "q", "output": "r"}, ALPACA),
        ({"conversations": TURNS, "source": "x"}, SHAREGPT),
        ({"messages": []}, SHAREGPT),
        ({"question_id": 1, "title": "t", "question": "q", "answer": "r"}, PROCQA),
        ({"question": "q", "answer": "r"}, QUESTION_ANSWER),
        (GSM8K_ROWS[0], GSM8K),
        ({"question": "q", "solution": "1 + 1 = 2", "answer": "2"}, QUESTION_SOLUTION),
        ({"question": "q", "solution": "2", "answer": "1 + 1 = 2"}, QUESTION_ANSWER),
        ({"question": "q", "solution": "2"}, QUESTION_SOLUTION),
        ({"problem": "q", "level": "1", "solution": "1 + 1 = 2"}, PROBLEM_SOLUTION),
    ],
)
def test_the_shape_is_told_by_the_columns(row: dict[str, Any], shape: Shape) -> None:
    assert detect("f", [row]) is shape


def test_columns_that_fit_nothing_are_listed_with_what_to_do() -> None:
    with pytest.raises(UserError) as caught:
        detect("f.csv", [{"frage": "q", "antwort": "r"}, {"frage": "q", "note": 1}])
    assert str(caught.value) == (
        "f.csv: cannot tell which columns hold the question and the answer; the columns are frage, antwort, note: name "
        "them, as in --columns instruction=question,response=answer"
    )


def read(row: dict[str, Any], shape: Shape, preset: str | None = None, kind: Any = None) -> Any:
    how = reading("f.jsonl", shape, PRESETS[preset] if preset else None, kind, [row])
    return seed_of(how, row, "f.jsonl")


def why(row: dict[str, Any], shape: Shape = OWN, beside: dict[str, Any] | None = None) -> str:
    how = reading("f.jsonl", shape, None, None, [row, *([beside] if beside else [])])
    with pytest.raises(Refused) as caught:
        seed_of(how, row, "f.jsonl")
    return str(caught.value)


def test_a_conversation_gives_its_first_question_and_the_reply_to_it() -> None:
    seed = read({"conversations": TURNS}, SHAREGPT)
    assert (seed.instruction, seed.response) == ("Why?", "Because.")
    messages = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": "So."}]
    assert read({"messages": messages}, SHAREGPT).response == "So."


def test_conversations_that_lack_a_side() -> None:
    assert why({"conversations": TURNS[:2]}, SHAREGPT) == "no question (conversations (human) is empty)"
    assert why({"conversations": TURNS[:3]}, SHAREGPT) == "no response (conversations (gpt) is empty)"
    assert why({"conversations": ["Why?"]}, SHAREGPT) == "a turn of the conversation is a str, not an object"
    assert why({"conversations": [{"from": "human", "value": ["x"]}]}, SHAREGPT).endswith("holds a list, not text")
    assert first_exchange({"conversations": "text"}) == {"conversations": "text"}


def test_gsm8k_loses_its_annotations_and_gives_the_number_without_commas() -> None:
    first, second = (read(row, GSM8K, "gsm8k") for row in GSM8K_ROWS)
    assert first.response.startswith("There are 750*4=3000 red jelly beans.\nAnd there are 3000*4/3=4000 jelly")
    assert (first.answer, second.answer, second.response) == ("4000", "1080", "900+180=1080\n#### 1,080")
    assert (first.kind, first.source, first.licence) == ("math", "openai/grade-school-math", "MIT")
    assert without_annotations({"answer": None}) == {"answer": None}


def test_presets_say_kind_source_and_licence() -> None:
    row = {"title": "Sorting", "question": "How do I sort a list?", "answer": "Use sorted.", "source": "a dump"}
    seed = read(row, PROCQA, "procqa")
    assert seed.instruction == "Sorting\n\nHow do I sort a list?"
    assert (seed.kind, seed.source, seed.licence) == ("code", "ProCQA (Stack Overflow), a dump", "CC BY-SA 4.0")
    assert read(row, PROCQA, "procqa", "general").kind == "general"
    assert read(row, PROCQA).source == "a dump"
    orca = read({"question": "q", "answer": "r"}, QUESTION_ANSWER, "orca-math")
    assert (orca.kind, orca.answer, orca.licence) == ("math", None, "MIT")


def test_source_and_licence_are_the_rows_own_where_it_has_them() -> None:
    row: dict[str, Any] = {"instruction": "q", "input": "", "output": "r", "source": "s", "license": "MIT"}
    assert (read(row, ALPACA, "alpaca").source, read(row, ALPACA, "alpaca").licence) == ("s", "MIT")
    odd = read({**row, "source": ["s"], "license": "\0"}, ALPACA)
    assert (odd.source, odd.licence) == ("f.jsonl", "")


def test_alpaca_input_is_joined_by_a_blank_line_if_there_is_one() -> None:
    assert read({"instruction": "Add.", "input": "2, 3", "output": "5"}, ALPACA).instruction == "Add.\n\n2, 3"
    assert read({"instruction": "Add.", "input": " ", "output": "5"}, ALPACA).instruction == "Add."
    assert read({"instruction": "Add.", "output": "5"}, ALPACA).instruction == "Add."


def test_columns_may_be_joined_nested_or_hold_a_plus() -> None:
    row = {"a": "one", "b": {"c": [{"d": "two"}]}, "x+y": "three", "e.f": "four"}
    seed = read(row, Shape({"instruction": "a + b.c.0.d", "response": "x+y", "answer": "e.f"}))
    assert (seed.instruction, seed.response, seed.answer) == ("one\n\ntwo", "three", "four")


def test_a_column_that_is_not_there_is_named_with_those_that_are() -> None:
    for column in ("c", "a+c", "b.1", "a.x"):
        with pytest.raises(UserError) as caught:
            read({"a": "q", "b": ["r"]}, Shape({"instruction": column, "response": "b.0"}))
        assert str(caught.value) == f"f.jsonl has no column {column.removeprefix('a+')!r}; its columns are a, b"
    with pytest.raises(UserError, match=r"^f\.jsonl has no column 'conversations \(human\)'; its columns are text$"):
        read({"text": "q"}, SHAREGPT, "sharegpt")


ROLLS = {"question": "How many rolls?", "solution": "204 - 137 = 67 are left.", "answer": "67"}


def test_a_solution_and_an_answer_beside_it_are_both_taken() -> None:
    for row in (ROLLS, {"problem": ROLLS["question"], "solution": ROLLS["solution"], "answer": 67}):
        seed = read(row, detect("f", [row]))
        assert (seed.response, seed.answer, seed.kind) == ("204 - 137 = 67 are left.", "67", "math")
    bare = read({**ROLLS, "solution": None}, QUESTION_SOLUTION)
    assert (bare.response, bare.answer) == ("67", "67")


def test_answer_and_kind_are_taken_from_columns_that_nobody_named() -> None:
    shape = mapped(None, {"instruction": "question", "response": "solution"})
    assert read(ROLLS, shape).answer == "67"
    assert read({**ROLLS, "answer": "Because.\n#### 66"}, shape).answer == "66"
    assert read({**ROLLS, "kind": "Code"}, shape).kind == "code"
    assert read({"question": "q", "answer": "r", "kind": "code"}, QUESTION_ANSWER).kind == "code"
    assert why({"question": "q", "answer": "r", "kind": "maths"}, QUESTION_ANSWER, beside={"kind": "math"}) == (
        "kind 'maths' is none of math, code, choice, general"
    )


def test_a_column_of_another_sense_is_neither_answer_nor_kind() -> None:
    shape = mapped(None, {"instruction": "question", "response": "solution"})
    for other in ("Some are sold, and what is left are 67.", ["67"], {"value": 67}, True, None):
        assert read({**ROLLS, "answer": other}, shape).answer is None
    assert read({**ROLLS, "kind": "word problem"}, shape).kind == "math"
    assert read(ROLLS, mapped(None, {"instruction": "question", "response": "answer"})).response == "67"
    asked = mapped(None, {"instruction": "question", "response": "solution", "answer": "solution"})
    assert read(ROLLS, asked).answer == "204 - 137 = 67 are left."
    turned = mapped(None, {"instruction": "answer", "response": "solution"})
    assert (read(ROLLS, turned).instruction, read(ROLLS, turned).answer) == ("67", None)
    nested = {"question": "q", "solution": {"text": "s"}, "answer": "r"}
    assert read(nested, mapped(None, {"instruction": "answer", "response": "solution.text"})).answer is None


@pytest.mark.parametrize("column", ["choices", "options"])
def test_the_place_of_an_option_is_no_answer(column: str) -> None:
    listed = {"question": "Which is a fruit?", column: ["stone", "apple"], "answer": 1}
    assert (read(listed, detect("f", [listed])).kind, read(listed, detect("f", [listed])).answer) == ("general", None)
    worked = {**listed, "solution": "An apple grows on a tree."}
    assert read(worked, detect("f", [worked])).answer is None


def test_a_preset_says_itself_which_columns_are_answer_and_kind() -> None:
    seed = read({"instruction": "q", "output": "r", "answer": "67", "kind": "code"}, ALPACA, "alpaca")
    assert (seed.answer, seed.kind) == (None, "general")


def test_mapped_columns_replace_those_of_a_preset() -> None:
    assert mapped(ALPACA, {"response": "answer"}).columns == {"instruction": "instruction+input", "response": "answer"}
    with pytest.raises(
        UserError, match=r"^columns: there is no field 'question'; the fields are instruction, response, "
    ):
        mapped(None, {"question": "q"})
    with pytest.raises(
        UserError, match=r"^columns: response is not named; both sides are needed, as in --columns instr"
    ):
        mapped(None, {"instruction": "q"})
    with pytest.raises(UserError, match=r"has no column 'input'"):
        read({"instruction": "q", "output": "r"}, mapped(ALPACA, {"instruction": "input"}))


def test_rows_without_a_side_are_refused() -> None:
    assert why({"instruction": " \n", "response": "r"}) == "no question (instruction is empty)"
    assert why({"instruction": "q", "response": None}) == "no response (response is empty)"
    assert why({"instruction": "q", "response": float("nan")}) == "no response (response is empty)"
    shape = Shape({"instruction": "t+q", "response": "r"})
    how = reading("f", shape, None, None, [{"t": "x", "q": "y", "r": "z"}])
    with pytest.raises(Refused, match=r"^no question \(t\+q is empty\)$"):
        seed_of(how, {"r": "z"}, "f")


def test_cells_that_are_no_text_are_refused() -> None:
    assert why({"instruction": "q\0", "response": "r"}) == "column 'instruction' holds a NUL character"
    surrogate = "column 'response' holds half a surrogate pair, which is no character"
    assert why({"instruction": "q", "response": "\ud83d"}) == surrogate
    assert why({"instruction": "q", "response": ["r"]}) == "column 'response' holds a list, not text"
    assert why({"instruction": "q", "response": True}) == "column 'response' holds a bool, not text"
    assert why({"instruction": "q", "response": "r", "answer": {"n": 1}}) == "column 'answer' holds a dict, not text"
    assert why({"instruction": "q", "response": "r", "kind": "maths"}) == (
        "kind 'maths' is none of math, code, choice, general"
    )


def test_numbers_are_spelled_out_and_the_first_line_of_a_response_keeps_its_indent() -> None:
    seed = read({"instruction": " q\n", "response": 12.0, "answer": 12, "kind": " Math "}, OWN)
    assert (seed.instruction, seed.response, seed.answer, seed.kind) == ("q", "12", "12", "math")
    assert read({"instruction": "q", "response": 0.5}, OWN).response == "0.5"
    assert read({"instruction": "q", "response": "\n \n    return 1 \n"}, OWN).response == "    return 1"
