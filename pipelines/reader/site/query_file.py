"""The database of the query page: the part of a release that may be on a site, for DuckDB in a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb

from pipelines.publish.published_schema import create_tables
from schemas.declarations import load_tables, quote_identifier, quote_literal
from schemas.errors import UsageError

STORAGE = "v1.0.0"
"""Oldest sufficient storage format of DuckDB, as the engine in the browser may be older than the one here."""

PUBLIC_TABLES = (
    "age", "alert", "area", "caveat", "change", "coverage", "estimate", "iccs", "indicator",
    "indicator_definition", "mapping", "nowcast", "observation", "population", "quality", "rate",
    "reconciliation", "release", "release_change", "release_history", "release_source", "series_break", "sex",
    "source", "theme", "theme_coverage", "trend", "trend_segment", "vintage",
)  # fmt: skip
"""Tables of schema ``out`` that can be queried. The others exist because views read them, but are empty."""

_SAYS_NO_RATE = ("few_events", "no_rate_reason")
"""Columns of ``out.rate`` that reveal nothing about a population."""

_OF_RATES = ("change", "indicator", "trend", "trend_segment")
"""Tables of figures computed from rates that do not name the population."""

_QUERY = re.compile(r"^### \d+\. ([^\n]+)\n```sql\n(.*?)```", flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class ReadyQuery:
    """A question and the SQL that answers it.

    Attributes:
        title: the question.
        sql: one statement.
    """

    title: str
    sql: str


def load_queries() -> tuple[ReadyQuery, ...]:
    """Return the questions of ``docs/queries.md``; the package contains a copy.

    >>> load_queries()[0].title
    'How did the homicide rate of a country develop?'
    """
    folder = resources.files("pipelines").joinpath("reader", "site", "templates")
    text = folder.joinpath("queries.md").read_text(encoding="utf-8")
    return tuple(ReadyQuery(title, sql.strip()) for title, sql in _QUERY.findall(text))


def write_query_file(release: Path, withheld: tuple[str, ...], path: Path) -> tuple[ReadyQuery, ...]:
    """Write the database of the query page and return the questions that it can answer.

    Rows of a source that may not be on a site are left out, as is every figure computed from its populations.

    Args:
        release: a published file.
        withheld: names of sources that may not be on a site.
        path: to write; there is nothing yet.

    Raises:
        UsageError: the release is of another version of this program, and lacks a table or column.
    """
    with duckdb.connect(str(path), config={"storage_compatibility_version": STORAGE}) as connection:
        create_tables(connection)
        connection.execute(f"ATTACH {quote_literal(str(release))} AS published (READ_ONLY)")
        try:
            for table in PUBLIC_TABLES:
                _copy_table(connection, table, withheld)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            first = str(error).partition("\n")[0]
            raise UsageError(f"{release.name} was built by another version of this program ({first})") from error
        connection.execute("DETACH published")
        connection.execute("CHECKPOINT")
        (day,) = connection.execute("SELECT strftime(published_at, '%Y-%m-%d') FROM out.release").fetchall()[0]
        # The engine in the browser does not know the current day, so the day of the release is used.
        offered = (ReadyQuery(one.title, one.sql.replace("current_date", f"DATE '{day}'")) for one in load_queries())
        return tuple(query for query in offered if _has_answer(connection, query))


def of_rates() -> list[str]:
    """Return the columns of ``out.rate`` from which, with the count, a population could be computed.

    These are all columns that ``out.observation`` does not have, so that a new column is hidden by default.

    >>> "usual_low" in of_rates(), "value" in of_rates()
    (True, False)
    """
    counts = {column.name for column in load_tables()["observation"].columns}
    names = [column.name for column in load_tables()["rate"].columns]
    return [name for name in names if name not in counts and name not in _SAYS_NO_RATE]


def _copy_table(connection: duckdb.DuckDBPyConnection, table: str, withheld: tuple[str, ...]) -> None:
    columns = [column.name for column in load_tables()[table].columns]
    hidden = f"[{', '.join(map(quote_literal, withheld))}]::VARCHAR[]"
    where = f"NOT list_contains({hidden}, source)" if "source" in columns else "true"
    chosen = "*"
    if withheld and table == "rate":
        kept = f"population_source IS NULL OR NOT list_contains({hidden}, population_source)"
        replaced = ", ".join(
            f"CASE WHEN {kept} THEN {name} END AS {name}" for name in map(quote_identifier, of_rates())
        )
        chosen = f"* REPLACE ({replaced})"
    if withheld and table in _OF_RATES:
        where += (
            " AND (source, ref_area) NOT IN (SELECT (source, ref_area) FROM published.out.rate "
            f"WHERE list_contains({hidden}, population_source))"
        )
    connection.execute(f"INSERT INTO out.{table} BY NAME SELECT {chosen} FROM published.out.{table} WHERE {where}")


def _has_answer(connection: duckdb.DuckDBPyConnection, query: ReadyQuery) -> bool:
    """Tell whether a question has rows; macros refuse codes that the release does not have."""
    try:
        return connection.execute(query.sql).fetchone() is not None
    except duckdb.InvalidInputException:
        return False
