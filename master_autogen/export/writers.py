"""Where rows go: a file of JSON lines, or a Parquet file. Both are whole or not there, and not there without
a row."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from master_autogen.export.files import json_line
from master_autogen.export.sample import Sample
from master_autogen.files import replacing

Row = Mapping[str, Any]

_MOST_WAITING = 20_000  # rows, some 50 MB


class Writer(Protocol):
    """`row` makes one of a sample, or raises `Refused`; `write` takes it. `path` is the file that comes of it, at the
    end of the context and where all of it was written by `finish`."""

    path: Path

    def row(self, sample: Sample) -> Row: ...

    def write(self, row: Row) -> None: ...

    def finish(self) -> None: ...


class JsonLines:
    """A file of JSON lines; use as a context manager.

    The first row that knows all of its `meta` goes in front: `datasets` takes the types of the columns from the first
    10 MB, and one that holds nothing but nulls there could hold nothing else later.
    """

    def __init__(self, path: Path, row: Callable[[Sample], Row]) -> None:
        self.path = path
        self.row = row
        self._files = ExitStack()
        self._waiting: list[bytes] | None = []

    def __enter__(self) -> JsonLines:
        self._file = self._files.enter_context(replacing(self.path, empty=False))
        return self

    def write(self, row: Row) -> None:
        line = json_line(row)
        if self._waiting is None:
            self._file.write(line)
        elif None not in row["meta"].values():
            self._file.write(line)
            self._let_in()
        else:
            self._waiting.append(line)
            if len(self._waiting) == _MOST_WAITING:
                self._let_in()

    def finish(self) -> None:
        self._let_in()

    def _let_in(self) -> None:
        self._file.writelines(self._waiting or ())
        self._waiting = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> bool | None:
        return self._files.__exit__(kind, error, where)


class Parquet:
    """A Parquet file; use as a context manager. Rows wait in a file, not in memory."""

    def __init__(self, path: Path, row: Callable[[Sample], Row]) -> None:
        self.path = path
        self.row = row
        self._files = ExitStack()

    def __enter__(self) -> Parquet:
        self._file = self._files.enter_context(replacing(self.path, empty=False))
        self._place = Path(self._files.enter_context(tempfile.TemporaryDirectory()))
        self._waiting = self._files.enter_context((self._place / "rows.jsonl").open("wb"))
        return self

    def write(self, row: Row) -> None:
        self._waiting.write(json_line(row))

    def finish(self) -> None:
        from datasets import Dataset

        if not self._waiting.tell():
            return  # `datasets` makes no set of no rows
        self._waiting.flush()
        waiting = self._place / "rows.jsonl"  # `datasets` pickles the generator, with all that it knows

        def rows() -> Iterator[Row]:
            import json

            with waiting.open(encoding="utf-8") as file:
                yield from map(json.loads, file)

        packed = Dataset.from_generator(rows, features=features(), cache_dir=str(self._place))
        packed.to_parquet(self._file)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> bool | None:
        return self._files.__exit__(kind, error, where)


def features() -> Any:
    """The columns of the format `hf`, said outright: a column of nulls alone would have no type."""
    from datasets import Features, List, Value

    text, flag = Value("string"), Value("bool")
    pair = {"instruction": text, "response": text}
    meta = dict.fromkeys(("lesson_id", "scenario", "task_type", "seed_id", "source", "licence", "label"), text)
    similar = {"seed_id": text, "source": text, "licence": text}
    return Features(
        {
            "messages": List({"role": text, "content": text, "train": flag}),
            "id": text,
            "meta": meta
            | {"similar": similar, "made_by": List(text), "pi": Value("float64"), "pair": pair, "verified": flag},
        }
    )
