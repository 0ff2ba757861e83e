"""Files of an export: where they may be, and LLaMA-Factory's list of data sets beside them. Knows no samples."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from master_autogen.errors import UserError
from master_autogen.files import cannot, check_writable

DATASET_INFO = "dataset_info.json"

# JSON leaves these as they are, and readers that use `str.splitlines` would cut a row in two there.
_LINE_ENDS = str.maketrans({char: f"\\u{ord(char):04x}" for char in "\x85\u2028\u2029"})

_DATA = (".jsonl", ".json", ".csv", ".parquet", ".arrow")
"""Ends of a name that is meant for a file."""


def json_line(row: Mapping[str, Any]) -> bytes:
    """`row` as one line of JSON Lines, in UTF-8. Raises ValueError for NaN, infinity and lone surrogates."""
    return (json.dumps(row, ensure_ascii=False, allow_nan=False).translate(_LINE_ENDS) + "\n").encode()


def check_target(to: Path) -> None:
    """Raises `UserError` where no JSON Lines file can be put at `to`; changes nothing."""
    if os.path.isdir(to):  # which, unlike Path's, says False where the system refuses to look
        raise UserError(f"{to} is a folder; name a file in it, such as {to / 'train.jsonl'}")
    if to.suffix != ".jsonl":
        raise UserError(
            f"{to}: an export is JSON Lines, and trainers go by the name; "
            f"name a file that ends in .jsonl, such as {to.with_suffix('.jsonl')}"
        )
    check_writable(to)


def check_folder(to: Path) -> None:
    """Raises `UserError` where no folder of Parquet files can be put at `to`; changes nothing."""
    if os.path.isdir(to):
        return
    if os.path.exists(to) or to.suffix in _DATA:
        raise UserError(
            f"{to}: this format is a folder of Parquet files; name a folder, such as {to.with_suffix('')}-hf"
        )


def with_entries(path: Path, files: Sequence[Path], gone: Sequence[Path], description: Mapping[str, Any]) -> bytes:
    """The text of the dataset_info.json at `path` with an entry for each of `files`, by its stem, and none for those
    that are `gone`; other entries stay.

    Raises `UserError` where `path` is not such a file, or the name belongs to another data set.
    """
    known = _without(_entries(path), gone)
    for data in files:
        old = known.get(data.stem, {"file_name": data.name})
        if not isinstance(old, dict) or old.get("file_name") != data.name:
            raise UserError(
                f"{path} has an entry {data.stem!r} for other data than {data.name}; name another file with --to"
            )
        known[data.stem] = {"file_name": data.name, **description}
    return _text(known)


def without_entries(path: Path, files: Sequence[Path]) -> bytes:
    """The text of the dataset_info.json at `path` without the entries for `files`, which are of another format now;
    nothing where it has none of them or cannot be read."""
    try:
        known = _entries(path)
    except UserError:
        return b""
    kept = _without(known, files)
    return b"" if kept == known else _text(kept)


def _without(known: Mapping[str, Any], files: Sequence[Path]) -> dict[str, Any]:
    names = {data.name for data in files}
    return {
        name: entry
        for name, entry in known.items()
        if not (isinstance(entry, dict) and entry.get("file_name") in names)
    }


def _text(known: Mapping[str, Any]) -> bytes:
    try:
        return (json.dumps(known, indent=2, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        return (json.dumps(known, indent=2) + "\n").encode()


def _entries(path: Path) -> dict[str, Any]:
    mend = "mend it, or name a file in another folder with --to"
    try:
        found = json.loads(path.read_bytes()) if path.exists() else {}
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is not JSON ({error}); {mend}") from None
    except OSError as error:
        raise cannot("read", path, error) from error
    if not isinstance(found, dict):
        raise UserError(f"{path} is not a list of data sets by name (a JSON object); {mend}")
    return found
