"""Values, rows and statements of the log: what SQLite can hold, many rows at once. Knows no records and no columns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import pydantic_core
from sqlite_utils import Database

Value: TypeAlias = str | int | float | bytes | None
Row: TypeAlias = tuple[Value, ...]

_ROWS_A_STATEMENT = 100


@dataclass(frozen=True)
class Insert:
    """An INSERT of many rows in one statement.

    One statement and not executemany: sqlite3 gives up the interpreter lock at every step, and beside a busy event
    loop each of them waits up to 5 ms to get it back.
    """

    table: str
    columns: tuple[str, ...]
    on_conflict: str = ""
    or_else: str = ""

    def __call__(self, db: Database, rows: Sequence[Row]) -> None:
        for start in range(0, len(rows), _ROWS_A_STATEMENT):
            some = rows[start : start + _ROWS_A_STATEMENT]
            db.conn.execute(self._sql(len(some)), [value for row in some for value in row])

    @cache  # noqa: B019 - a handful of instances, all of them constants
    def _sql(self, rows: int) -> str:
        marks = "(" + ", ".join("?" * len(self.columns)) + ")"
        names = ", ".join(f'"{column}"' for column in self.columns)
        values = ", ".join([marks] * rows)
        return f"INSERT {self.or_else} INTO {self.table} ({names}) VALUES {values} {self.on_conflict}"


def storable(value: Value) -> Value:
    """`value`, or its bytes where it is a text with lone surrogates, which SQLite's UTF-8 cannot hold."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "surrogatepass")
    return value


def row(*values: Value) -> Row:
    # Nearly every value is no text or plain ASCII, and a lesson has some hundred rows.
    return tuple([v if type(v) is not str or v.isascii() else storable(v) for v in values])


def fetch(db: Database, sql: str, parameters: Sequence[Value] = ()) -> list[dict[str, Any]]:
    """All rows of a query as dicts, texts restored."""
    return list(each(db, sql, parameters))


def each(db: Database, sql: str, parameters: Sequence[Value] = ()) -> Iterator[dict[str, Any]]:
    """The same, one by one."""
    return (
        {key: v.decode("utf-8", "surrogatepass") if isinstance(v, bytes) else v for key, v in found.items()}
        for found in db.query(sql, parameters)
    )


def to_json(value: Any) -> str:
    """Compact JSON; escaped to ASCII only where lone surrogates ask for it, so that people can read the rest."""
    try:
        return pydantic_core.to_json(value).decode()
    except ValueError:
        return json.dumps(value, separators=(",", ":"))
