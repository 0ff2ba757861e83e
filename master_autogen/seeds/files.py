"""Rows of a local file: JSON lines, a JSON array, CSV. A row that cannot be read comes back with the reason.

A file that is not UTF-8, or not what its name says, is an error as a whole. This module knows no column names.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from master_autogen.errors import UserError
from master_autogen.seeds.hub import parquet_rows
from master_autogen.seeds.records import Row

SUFFIXES = (".jsonl", ".json", ".csv", ".parquet")

_PARQUET_MAGIC = b"PAR1"


def file_rows(path: Path) -> Iterator[Row]:
    """The rows of a file that is there, read as they are asked for; `UserError` if it is of no kind known here."""
    if path.is_dir():
        raise UserError(f"{path} is a folder: give one file ({', '.join(SUFFIXES)})")
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(f"{path}: seeds are read from {', '.join(SUFFIXES)}, not from {suffix or 'a bare name'!r}")
    _refuse_unreadable(path, suffix)
    if suffix == ".parquet":
        return parquet_rows(path)
    if suffix == ".csv":
        return _csv_rows(path)
    return _json_rows(path) if suffix == ".json" else _jsonl_rows(path)


def _refuse_unreadable(path: Path, suffix: str) -> None:
    try:
        with path.open("rb") as file:
            start = file.read(len(_PARQUET_MAGIC))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    if not start:
        raise UserError(f"{path} is empty: it needs one seed a row")
    # Checked here because datasets logs the failure to stderr before it raises.
    if suffix == ".parquet" and start != _PARQUET_MAGIC:
        raise UserError(f"{path} is no Parquet file (it does not begin with PAR1)")


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines with their ends, as UTF-8; only a line feed ends a line (U+2028 is text)."""
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                at = error.start + (3 if number == 1 and raw.startswith(b"\xef\xbb\xbf") else 0)
                what = f"byte {at + 1} of the line (0x{raw[at]:02x}) is not UTF-8"
                raise UserError(f"{path}:{number}: {what}; save the file as UTF-8") from error
            yield number, text


def _jsonl_rows(path: Path) -> Iterator[Row]:
    for number, text in _lines(path):
        if text.strip():
            yield _json_line(number, text)


def _json_line(number: int, text: str) -> Row:
    try:
        value = json.loads(text.rstrip("\r\n"))
    except json.JSONDecodeError as error:
        return Row(number, {}, f"not JSON ({error.msg}, column {error.colno})")
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; thousands of brackets
        return Row(number, {}, f"not JSON that can be read ({error})")
    return _object(number, value)


def _object(number: int, value: object) -> Row:
    if isinstance(value, dict):
        return Row(number, value)
    return Row(number, {}, f"a JSON {type(value).__name__}, not an object")


def _json_rows(path: Path) -> Iterator[Row]:
    """A `.json` file is an array of objects (as Alpaca's), or JSON lines under that name (as ProCQA's)."""
    text = "".join(line for _, line in _lines(path))
    return _array_rows(path, text) if text.lstrip()[:1] == "[" else _jsonl_rows(path)


def _array_rows(path: Path, text: str) -> Iterator[Row]:
    """The elements one by one, so that each has its line."""
    decoder = json.JSONDecoder()
    at, line, counted = text.index("[") + 1, 1, 0
    while True:
        while text[at : at + 1].isspace() or text[at : at + 1] == ",":
            at += 1
        line, counted = line + text.count("\n", counted, at), at
        if text[at : at + 1] == "]":
            return
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            where = error.lineno if isinstance(error, json.JSONDecodeError) else line
            why = error.msg if isinstance(error, json.JSONDecodeError) else error
            raise UserError(
                f"{path}:{where}: the JSON is broken here ({why}): mend it, or use one object a line"
            ) from error
        yield _object(line, value)


def _csv_rows(path: Path) -> Iterator[Row]:
    """Rows under the header, by the line they begin on; a cell may be of any length and hold line ends."""
    before = csv.field_size_limit(sys.maxsize)  # the csv module has no other way to allow a cell over 128 kB
    try:
        reader = csv.reader((text for _, text in _lines(path)), strict=True)
        header = _header(path, reader)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(line, {}, f"not CSV ({error})")
                continue
            if cells:
                yield _csv_row(line, header, cells)
    finally:
        csv.field_size_limit(before)


def _csv_row(line: int, header: list[str], cells: list[str]) -> Row:
    if len(cells) != len(header):
        return Row(line, {}, f"{len(cells)} cells under {len(header)} column names")
    return Row(line, dict(zip(header, cells, strict=True)))


def _header(path: Path, reader: Iterator[list[str]]) -> list[str]:
    try:
        header = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise UserError(f"{path}:1: the line of column names is not CSV ({error})") from error
    if not any(header):
        raise UserError(f"{path}:1: the first line must hold the column names")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise UserError(f"{path}:1: column names must differ; more than once: {', '.join(map(repr, twice))}")
    return header
