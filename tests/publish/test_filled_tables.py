"""Every declared table is filled by what its declaration names, and has rows in the bundled release."""

from __future__ import annotations

import inspect
import pkgutil
import re
from importlib import resources
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas.declarations import DeclarationError, load_tables, parse_table

GHOST: dict[str, Any] = {
    "description": "Nothing.",
    "grain": "none",
    "columns": ["source"],
    "filled_by": ["publish/rate"],
}


@pytest.mark.parametrize("name", load_tables())
def test_what_a_table_is_filled_by_writes_it(name: str) -> None:
    for filler in load_tables()[name].filled_by:
        if "/" in filler:
            folder, _, file = filler.partition("/")
            statement = resources.files("pipelines").joinpath(folder, "sql", f"{file}.sql")
            text = statement.read_text(encoding="utf-8")
            (writes,) = re.findall(r"^-- writes: (.+)$", text, re.MULTILINE)
            assert f"out.{name}" in writes.split(", ")
            assert re.search(rf"INSERT INTO out\.{name}\b", text)
        else:
            function = pkgutil.resolve_name(filler)
            assert inspect.isfunction(function)
            assert re.search(rf"\b{name}\b", inspect.getsource(function)), f"{filler} does not name {name}"


def test_every_declared_table_has_rows_in_the_bundled_release(published: Path) -> None:
    with duckdb.connect(str(published), read_only=True) as connection:
        rows = {name: connection.execute(f"SELECT count(*) FROM out.{name}").fetchall()[0][0] for name in load_tables()}
    empty = {name for name, count in rows.items() if not count}
    assert empty == {name for name, table in load_tables().items() if table.may_be_empty}, (
        "a table without rows declares in schemas/tables when it may be empty (may_be_empty), and no other table does"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"filled_by": None}, "filled_by is missing: name the statement or function"),
        ({"grain": None}, "grain is missing"),
        ({"columns": ["source", "colour"]}, "not in columns.yml: colour"),
        ({"colour": "blue"}, "no table has colour"),
    ],
)
def test_a_table_that_is_not_declared_completely_is_refused(change: dict[str, Any], message: str) -> None:
    assert parse_table("ghost", GHOST).filled_by == ("publish/rate",)
    with pytest.raises(DeclarationError, match=message) as error:
        parse_table("ghost", GHOST | change)
    assert str(error.value).startswith("tables/ghost.yml: ")
