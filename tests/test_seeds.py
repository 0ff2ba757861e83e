from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from master_autogen.errors import UserError
from master_autogen.seeds import PRESETS, Refusal, bundled, load_seeds


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(name: str, *rows: object) -> str:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return name


def own(number: int, **more: Any) -> dict[str, Any]:
    return {"instruction": f"What is {number} plus {number}?", "response": f"#### {2 * number}", **more}


def error(source: str, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        load_seeds(source, **options)
    return str(caught.value)


def test_a_bad_row_is_refused_by_line_and_the_rest_go_on() -> None:
    no_question = {"instruction": "", "response": "r"}
    name = write("in/s.jsonl", own(1), '{"instruction":', no_question, "", own(1), own(2), {"response": "r"}, own(2))
    found = load_seeds(name)
    assert [seed.answer for seed in found.seeds] == ["2", "4"]
    assert {seed.source for seed in found.seeds} == {"s.jsonl"}
    assert (found.source, found.duplicates) == ("in/s.jsonl", 2)
    assert found.refused == (
        Refusal(where="in/s.jsonl:2", why="not JSON (Expecting value, column 16)"),
        Refusal(where="in/s.jsonl:3", why="no question (instruction is empty)"),
        Refusal(where="in/s.jsonl:7", why="no question (instruction is empty)"),
    )


def test_duplicates_are_told_by_the_seed_and_not_by_other_columns() -> None:
    cafe = {"instruction": "caf\u00e9?", "response": "r"}
    found = load_seeds(write("s.jsonl", cafe, {"instruction": "cafe\u0301? ", "response": "r", "kind": "code"}))
    assert (len(found.seeds), found.duplicates, found.seeds[0].kind) == (1, 1, "general")


def test_limit_counts_seeds_and_not_rows() -> None:
    name = write("s.jsonl", "broken", own(1), own(1), own(2), "broken", own(3))
    found = load_seeds(name, limit=2)
    assert ([seed.answer for seed in found.seeds], found.duplicates, len(found.refused)) == (["2", "4"], 1, 1)
    assert [seed.id for seed in load_seeds("bundled", limit=3).seeds] == [seed.id for seed in bundled().seeds[:3]]
    assert error(name, limit=0) == "limit is 0: ask for at least 1 seed"


def test_nothing_that_can_be_a_seed_is_an_error() -> None:
    ending = "the first at s.jsonl:1: not JSON (Expecting value, column 1)"
    assert error(write("s.jsonl", "x")) == f"s.jsonl gives no seed: its one row refused; {ending}"
    assert error(write("s.jsonl", "x", "y")) == f"s.jsonl gives no seed: all of its 2 rows refused; {ending}"
    assert error(write("s.jsonl", "", "")) == "s.jsonl holds no rows: it needs one seed a row"
    assert error(write("s.json", "[]")) == "s.json holds no rows: it needs one seed a row"


def test_kind_comes_from_the_row_then_the_argument_then_the_preset_then_the_answer() -> None:
    name = write("s.jsonl", own(1, kind="code"), own(2))
    assert [seed.kind for seed in load_seeds(name).seeds] == ["code", "math"]
    assert [seed.kind for seed in load_seeds(name, kind="general").seeds] == ["code", "general"]
    name = write(
        "p.jsonl", {"title": "t", "question": "q", "answer": "r", "type": "math"}, {"question": "p", "answer": "r"}
    )
    assert [seed.kind for seed in load_seeds(name, preset="procqa").seeds] == ["code", "code"]
    assert [seed.kind for seed in load_seeds(name, preset="procqa", columns={"kind": "type"}).seeds] == ["math", "code"]


def test_csv_with_columns_named() -> None:
    Path("s.csv").write_bytes(b'frage;x,antwort,ergebnis\r\n"Wie viele,\r\nbitte?",Vier.,"1,004"\r\n')
    found = load_seeds("s.csv", columns={"instruction": "frage;x", "response": "antwort", "answer": "ergebnis"})
    seed = found.seeds[0]
    assert (seed.instruction, seed.response, seed.answer, seed.kind) == (
        "Wie viele,\r\nbitte?",
        "Vier.",
        "1004",
        "math",
    )
    assert error("s.csv", columns={"instruction": "frage", "response": "antwort"}) == (
        "s.csv has no column 'frage'; its columns are frage;x, antwort, ergebnis"
    )


def test_parquet() -> None:
    from datasets import Dataset

    rows = [{"question": "How many?", "answer": "#### 7"}, {"question": None, "answer": "#### 8"}]
    Dataset.from_list(rows).to_parquet("s.parquet")
    found = load_seeds("s.parquet")
    assert [(seed.answer, seed.source) for seed in found.seeds] == [("7", "s.parquet")]
    assert found.refused == (Refusal(where="s.parquet:2", why="no question (question is empty)"),)


def test_an_empty_parquet_file_holds_no_rows() -> None:
    from datasets import Dataset

    Dataset.from_dict({"question": [], "answer": []}).to_parquet("e.parquet")
    assert error("e.parquet") == "e.parquet holds no rows: it needs one seed a row"


def test_a_file_whose_name_is_not_utf8_names_its_seeds_in_unicode() -> None:
    name = os.fsdecode(b"caf\xe9.jsonl")
    assert {seed.source for seed in load_seeds(write(name, own(1), own(2))).seeds} == {"caf\ufffd.jsonl"}


def test_a_file_of_many_rows_is_read_beyond_those_that_tell_its_columns() -> None:
    name = write("s.jsonl", *(own(number) for number in range(200)), {"question": "q", "answer": "r"})
    found = load_seeds(name)
    assert (len(found.seeds), [refusal.where for refusal in found.refused]) == (200, ["s.jsonl:201"])


def test_a_source_that_is_nothing() -> None:
    what = (
        "seeds are 'bundled', a file (.jsonl, .json, .csv, .parquet), a preset (orca-math, openhermes, procqa, sharegpt, "
        "alpaca, gsm8k, humaneval, mbpp) or a data set on the Hugging Face hub (owner/name)"
    )
    for source in ("seeds.jsonl", "in/seeds.csv", "gsm-8k", "./in", "", "x" * 5000, "a\0b"):
        assert error(source) == f"no file {source}; {what}"


def test_presets_and_columns_that_are_nothing() -> None:
    name = write("s.jsonl", own(1))
    assert error(name, preset="orca") == f"there is no preset 'orca'; there are {', '.join(PRESETS)}"
    assert error("gsm8k") == "preset gsm8k is read from a file: give the file as seeds and gsm8k as its preset"
    assert error(name, columns={"q": "a"}).startswith("columns: there is no field 'q'; ")
    assert error("bundled", preset="gsm8k") == error("bundled", columns={"kind": "k"}) == error("bundled", kind="code")
    assert error("bundled", kind="code").startswith("the bundled seeds have their columns and kinds: ")


def test_a_local_file_goes_before_the_hub() -> None:
    write("owner/name.jsonl", own(1))
    Path("orca-math").mkdir()
    assert load_seeds("owner/name.jsonl").seeds[0].answer == "2"
    assert error("orca-math") == "orca-math is a folder: give one file (.jsonl, .json, .csv, .parquet)"


PIECES = [
    '"',
    ",",
    "\n",
    "\r",
    "[",
    "]",
    "{",
    "}",
    ":",
    "\\",
    "\\ud800",
    "\0",
    "é",
    "\u2028",
    " ",
    "1",
    '"instruction"',
]
PIECES += ['{"instruction": "q", "response": "r"}\n', "question,answer\n", "null", "NaN", "x"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=25), suffix=st.sampled_from([".jsonl", ".json", ".csv"]))
def test_whatever_a_file_holds_there_are_seeds_or_a_sentence(pieces: list[str], suffix: str) -> None:
    Path("s" + suffix).write_bytes("".join(pieces).encode())
    try:
        found = load_seeds("s" + suffix).seeds
    except UserError:
        return
    assert found
    assert all(seed.instruction and seed.response for seed in found)
