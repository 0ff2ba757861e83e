"""What the log's tables mean is said of every table and column that there is, and of none that is not."""

from __future__ import annotations

from pathlib import Path

from master_autogen.log import open_log
from master_autogen.log.described import FACETS, QUERIES, TABLES, datasette_metadata
from tests.test_log_rows import planned_log


def test_every_table_and_column_is_described_and_no_other(tmp_path: Path) -> None:
    db = open_log(tmp_path / "log.db", create=True)
    names = [name for name in db.table_names() if not name.startswith(("turns_fts", "_", "sqlite_"))]
    there = {name: {column.name for column in db.table(name).columns} for name in names}
    assert {name: set(columns) for name, (_, columns) in TABLES.items()} == there
    for name, (told, columns) in TABLES.items():
        assert told.endswith("."), name
        assert all(text and not text.endswith(".") for text in columns.values()), name


def test_facets_are_columns() -> None:
    assert {name: set(columns) - set(TABLES[name][1]) for name, columns in FACETS.items()} == {
        name: set() for name in FACETS
    }


def test_the_queries_run(tmp_path: Path) -> None:
    db = open_log(planned_log(tmp_path / "log.db"))
    for name, (_, sql) in QUERIES.items():
        db.execute(sql, {"episode_id": "run1-1-1-e0"} if ":episode_id" in sql else {}).fetchall()
        assert name.isidentifier()


def test_the_metadata_is_for_the_named_database() -> None:
    made = datasette_metadata("log")
    [(name, database)] = made["databases"].items()
    assert name == "log"
    assert database["tables"]["grades"]["columns"]["missing_reason"] == "why pi is empty"
    assert database["tables"]["_sqlite_migrations"] == {"hidden": True}
    assert set(database["queries"]) == set(QUERIES)
