from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import pytest

from master_autogen.errors import UserError
from master_autogen.seeds.files import file_rows
from master_autogen.seeds.records import Row


def rows(path: Path, content: bytes | str) -> list[Row]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(file_rows(path))


def refused(path: Path, content: bytes | str) -> str:
    with pytest.raises(UserError) as caught:
        rows(path, content)
    return str(caught.value).replace(str(path.parent) + "/", "")


@pytest.fixture
def jsonl(tmp_path: Path) -> Path:
    return tmp_path / "s.jsonl"


def test_jsonl_rows_keep_their_lines_and_broken_ones_come_with_the_reason(jsonl: Path) -> None:
    found = rows(jsonl, b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": \n[1]\n"x"\n{"a": "\xe2\x80\xa8"}')
    assert found == [
        Row(1, {"a": 1}),
        Row(3, {}, "not JSON (Expecting value, column 7)"),
        Row(4, {}, "a JSON list, not an object"),
        Row(5, {}, "a JSON str, not an object"),
        Row(6, {"a": "\u2028"}),
    ]


def test_jsonl_that_python_cannot_hold_is_a_refused_row(jsonl: Path) -> None:
    found = rows(jsonl, "[" * 100_000 + "\n" + '{"a": ' + "9" * 5000 + '}\n{"a": "' + "x" * 2_000_000 + '"}')
    assert [row.why.split(" (")[0] for row in found] == ["not JSON that can be read", "not JSON that can be read", ""]
    assert len(str(found[2].cells["a"])) == 2_000_000


def test_a_file_that_is_not_utf8_is_named_with_line_and_byte(jsonl: Path) -> None:
    latin = '{"a": "caf\xe9"}'.encode("latin-1")
    expected = "byte 11 of the line (0xe9) is not UTF-8; save the file as UTF-8"
    assert refused(jsonl, b'{"a": 1}\n' + latin) == f"s.jsonl:2: {expected}"
    assert refused(jsonl, latin) == f"s.jsonl:1: {expected}"
    assert refused(jsonl, b"\xef\xbb\xbf" + latin) == f"s.jsonl:1: {expected.replace('11', '14')}"
    utf16 = refused(jsonl, '{"a": 1}'.encode("utf-16"))
    assert utf16 == "s.jsonl:1: byte 1 of the line (0xff) is not UTF-8; save the file as UTF-8"


def test_files_that_cannot_be_seeds_at_all(tmp_path: Path) -> None:
    assert refused(tmp_path / "e.jsonl", b"") == "e.jsonl is empty: it needs one seed a row"
    assert refused(tmp_path / "e.parquet", b"hello") == "e.parquet is no Parquet file (it does not begin with PAR1)"
    assert (
        refused(tmp_path / "e.txt", b"hello")
        == "e.txt: seeds are read from .jsonl, .json, .csv, .parquet, not from '.txt'"
    )
    assert refused(tmp_path / "seeds", b"x").endswith("not from 'a bare name'")
    with pytest.raises(UserError, match="is a folder: give one file"):
        file_rows(tmp_path)
    assert refused(tmp_path / "t.parquet", b"PAR1 and no more PAR1").startswith("t.parquet cannot be read as Parquet (")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "s.csv").write_text("a\n")

    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(UserError, match=r"^cannot read .*s\.csv: Permission denied$"):
        file_rows(tmp_path / "s.csv")


def test_json_arrays_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    assert rows(path, '\n[{"a": 1},\n {"a":\n 2}, 3,\n\n{"a": 4}]\n') == [
        Row(2, {"a": 1}),
        Row(3, {"a": 2}),
        Row(4, {}, "a JSON int, not an object"),
        Row(6, {"a": 4}),
    ]
    assert rows(path, "[]") == []
    assert rows(path, '{"a": 1}\n{"a": 2}') == [Row(1, {"a": 1}), Row(2, {"a": 2})]


def test_a_broken_json_array_is_an_error_for_nothing_after_it_can_be_trusted(tmp_path: Path) -> None:
    ending = ": mend it, or use one object a line"
    assert (
        refused(tmp_path / "s.json", '[{"a": 1},\n{"a": }]')
        == f"s.json:2: the JSON is broken here (Expecting value){ending}"
    )
    assert (
        refused(tmp_path / "s.json", '[{"a": 1},\n') == f"s.json:2: the JSON is broken here (Expecting value){ending}"
    )


def test_csv_rows_are_named_by_the_line_they_begin_on(tmp_path: Path) -> None:
    long = "x" * 200_000
    before = csv.field_size_limit()
    found = rows(
        tmp_path / "s.csv", f'\ufeffq, a\r\n"one\r\ntwo",2\r\n\r\n3\r\n"{long}",4\r\n"bad"quote,5\r\n6,7\r\n"open,8'
    )
    assert found == [
        Row(2, {"q": "one\r\ntwo", "a": "2"}),
        Row(5, {}, "1 cells under 2 column names"),
        Row(6, {"q": long, "a": "4"}),
        Row(7, {}, "not CSV (',' expected after '\"')"),
        Row(8, {"q": "6", "a": "7"}),
        Row(9, {}, "not CSV (unexpected end of data)"),
    ]
    assert csv.field_size_limit() == before


def test_csv_without_usable_column_names(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    assert refused(path, "q,a,q\n1,2,3\n") == "s.csv:1: column names must differ; more than once: 'q'"
    assert refused(path, ",\n1,2\n") == "s.csv:1: the first line must hold the column names"
    assert refused(path, '"q"x,a\n').startswith("s.csv:1: the line of column names is not CSV")


def test_parquet_rows_in_a_folder_with_odd_letters(tmp_path: Path) -> None:
    from datasets import Dataset

    folder = tmp_path / "a [1]*"
    folder.mkdir()
    Dataset.from_list([{"q": "one", "n": None}, {"q": "two", "n": 2.0}]).to_parquet(str(folder / "s.parquet"))
    assert list(file_rows(folder / "s.parquet")) == [Row(1, {"q": "one", "n": None}), Row(2, {"q": "two", "n": 2.0})]


def test_text_files_do_not_load_datasets(jsonl: Path) -> None:
    import subprocess

    jsonl.write_text(json.dumps({"instruction": "q", "response": "r"}))
    code = f"import sys, master_autogen.seeds as s; s.load_seeds({str(jsonl)!r}); s.bundled(); print('datasets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
