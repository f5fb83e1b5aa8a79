"""Views and macros of schema ``out``: kind, name, order and comments come from their files."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.publish.published_schema import (
    create_published,
    create_tables,
    load_published,
    order_statements,
    parse_statement,
)
from pipelines.system.functions import shared_functions
from schemas.declarations import DeclarationError, load_columns

VIEW = """-- out.highest(): the highest rates,
-- for tests. Grain: one row for each rate.
-- reads: out.rate
CREATE OR REPLACE VIEW out.highest AS
SELECT ref_area, rate_per_100k FROM out.rate
"""


def test_a_view_is_created_with_its_comment_and_those_of_its_columns() -> None:
    with duckdb.connect() as connection:
        create_tables(connection)
        create_published(connection, parse_statement("out.highest", VIEW))
        views = "SELECT comment FROM duckdb_views() WHERE view_name = 'highest'"
        assert connection.execute(views).fetchall() == [
            ("out.highest(): the highest rates, for tests. Grain: one row for each rate.",)
        ]
        columns = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'highest'"
        assert dict(connection.execute(columns).fetchall()) == {
            name: load_columns()[name].comment for name in ("ref_area", "rate_per_100k")
        }


def test_every_view_and_macro_of_the_package_has_a_comment() -> None:
    with duckdb.connect() as connection:
        create_tables(connection)
        macros = connection.execute(
            "SELECT 'out.' || function_name, comment FROM duckdb_functions() WHERE schema_name = 'out'"
        ).fetchall()
        views = connection.execute(
            "SELECT 'out.' || view_name, comment FROM duckdb_views() WHERE schema_name = 'out'"
        ).fetchall()
    found = dict(macros) | dict(views)
    functions = {f"out.{function.name}" for function in shared_functions("out")}
    assert found.keys() == {statement.name for statement in load_published()} | functions
    for name, comment in found.items():
        assert comment.startswith(name)
        assert "Grain: " in comment
        assert "reads:" not in comment
        assert "{{" not in comment, f"{name}: a placeholder is not filled for readers"


def test_a_comment_states_the_thresholds_that_the_statement_uses() -> None:
    """The numbers are those of schemas/comparison.yml and docs/methodology.md, as a reader of the file sees them."""
    comments = {statement.name: statement.comment for statement in load_published()}
    assert "a count below 20" in comments["out.change_between"]
    assert "with r = 0.6," in comments["out.change_between"]
    assert "within 1 % of the mean estimate a year" in comments["out.estimate_trend"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1", "found no CREATE VIEW or CREATE MACRO"),
        ("CREATE VIEW out.other AS SELECT 1", "found CREATE VIEW out.other"),
        ("CREATE VIEW out.x AS SELECT 1;\nCREATE MACRO out.y() AS 1", "found CREATE VIEW out.x, CREATE MACRO out.y"),
        ("CREATE TABLE out.x (one INTEGER)", "found no CREATE VIEW or CREATE MACRO"),
    ],
)
def test_a_file_creates_one_view_or_macro_of_its_own_name(text: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message) as error:
        parse_statement("out.x", text)
    assert str(error.value).startswith("schemas/published/out/x.sql: ")


def test_a_view_with_an_undeclared_column_is_refused() -> None:
    statement = parse_statement("out.x", "CREATE VIEW out.x AS SELECT value AS colour FROM out.rate")
    with duckdb.connect() as connection:
        create_tables(connection)
        with pytest.raises(DeclarationError, match=r"column .colour. that is not in schemas/columns\.yml"):
            create_published(connection, statement)


def test_a_view_comes_after_those_it_reads() -> None:
    first = parse_statement("out.a", "-- reads: out.b, out.rate\nCREATE VIEW out.a AS FROM out.b")
    second = parse_statement("out.b", "-- reads: out.rate\nCREATE VIEW out.b AS FROM out.rate")
    assert [statement.name for statement in order_statements([first, second])] == ["out.b", "out.a"]
    circle = parse_statement("out.b", "-- reads: out.a\nCREATE VIEW out.b AS FROM out.a")
    with pytest.raises(DeclarationError, match="read one another"):
        order_statements([first, circle])
