"""A clean copy of a database has all that the file has, and nothing of what this process held in memory."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.system.connection import STORAGE_VERSION
from pipelines.system.running.clean_copy import copy_cleanly
from pipelines.system.settings import Settings

KINDS = {
    "duckdb_tables": "schema_name, table_name, comment",
    "duckdb_views": "schema_name, view_name, comment, sql",
    "duckdb_columns": "schema_name, table_name, column_name, comment, data_type",
    "duckdb_functions": "schema_name, function_name, comment, parameters, macro_definition",
}


def _content(path: Path) -> list[object]:
    with duckdb.connect(str(path), read_only=True) as connection:
        kinds = [
            connection.execute(f"SELECT {names} FROM {kind}() WHERE NOT internal ORDER BY ALL")
            for kind, names in KINDS.items()
        ]
        return [*(kind.fetchall() for kind in kinds), connection.execute("FROM out.rate").fetchall()]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "it's a file.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA out")
        connection.execute(
            "CREATE TABLE out.rate AS SELECT 'MX-' || (i % 32) AS ref_area, i AS value FROM range(9000) t(i)"
        )
        connection.execute("COMMENT ON TABLE out.rate IS 'rates'; COMMENT ON COLUMN out.rate.value IS 'per 100,000'")
        connection.execute("CREATE VIEW out.headline AS FROM out.rate WHERE value > 5")
        connection.execute("CREATE MACRO out.trend_of(code) AS TABLE FROM out.rate WHERE ref_area = code")
    path.chmod(0o640)
    return path


def test_a_copy_has_tables_in_their_order_views_functions_and_comments(database: Path, tmp_path: Path) -> None:
    before = _content(database)
    copy_cleanly(database, Settings(data=tmp_path), STORAGE_VERSION)

    assert _content(database) == before
    assert database.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == [database.name]


def test_a_copy_that_cannot_be_made_leaves_the_file_as_it_is(database: Path, tmp_path: Path) -> None:
    whole = database.read_bytes()
    database.write_bytes(whole[:5000])
    with pytest.raises(OSError, match="the database could not be copied: "):
        copy_cleanly(database, Settings(data=tmp_path), STORAGE_VERSION)
    assert database.read_bytes() == whole[:5000]
    assert [path.name for path in tmp_path.iterdir()] == [database.name]
