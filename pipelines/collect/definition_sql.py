"""SQL of a source definition: one SELECT over the rows of the file, and nothing else.

A definition may come from a stranger. Before any file is read, its statements are checked with DuckDB's own parser: no
parenthesis of theirs may close the statement they are embedded in, they may not read files, settings or other tables,
and the same file must give the same figures every time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb

from pipelines.system.connection import memory_bound, time_limit
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.running.workers import BESIDE_LIMIT_BYTES, address_space
from pipelines.system.settings import Settings
from schemas.errors import UsageError
from schemas.source import SourceFolder

# Tables and table functions that a statement may name besides those of its own WITH.
_TABLES = frozenset({"raw"})
_TABLE_FUNCTIONS = frozenset({"unnest", "range", "generate_series"})
# Expressions that select rows, or change a value of a row depending on another.
_CHOOSING = frozenset({"CASE", "COMPARISON", "CONJUNCTION", "OPERATOR", "BETWEEN"})
# It depends on its argument only: with it, a statement refuses what it cannot read.
_VOLATILE_BUT_SAFE = frozenset({"error"})


def check_definition_sql(folder: SourceFolder) -> None:
    """Refuse a source whose SQL is more than one SELECT over its own rows.

    Args:
        folder: the source; read are reshape files, ``rates.sql``, the rows of controls, and every ``where``.

    Raises:
        UsageError: names each file or key, and what in it is not allowed.
    """
    source = folder.source
    names = [folder.reshape_name(layout) for layout in source.layouts]
    names += [control.rows for control in source.controls]
    names.append("rates.sql")
    statements = {name: folder.read_text(name) for name in dict.fromkeys(names) if name}
    conditions = {f"exclusions.{number}.where": one.where for number, one in enumerate(source.exclusions, start=1)}
    conditions |= {
        f"controls.{number}.where": one.where for number, one in enumerate(source.controls, start=1) if one.where
    }
    found = [(name, problem) for name, text in statements.items() if text for problem in select_problems(text)]
    found += [(key, problem) for key, text in conditions.items() for problem in condition_problems(text)]
    if found:
        lines = [f"source {folder.source_id}: its SQL is not a single SELECT over the rows of the file:"]
        raise UsageError("\n".join([*lines, *(f"  {name}: {problem}" for name, problem in found)]))


@contextmanager
def sql_limits(folder: SourceFolder, connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """Stop the SQL of a definition, whose author may be unknown, when it takes an unreasonable time or memory.

    Raises:
        DataRefused: it took longer than ``max_sql_seconds``, or made values far beyond the memory limit.
    """
    found = (
        f"The statements of the definition (reshape.sql, rates.sql, where ...) took more than "
        f"{settings.max_sql_seconds:,} seconds and were stopped. If they need longer, raise "
        "ICCS_MAX_SQL_SECONDS."
    )
    too_long = DataRefused([Problem(rule="declaration_invalid", source=folder.source_id, found=found)])
    made = (
        f"The statements of the definition (reshape.sql, rates.sql, ...) wanted {BESIDE_LIMIT_BYTES // 2**30} GiB more "
        f"than ICCS_MEMORY_LIMIT ({settings.memory_limit}) and were stopped: one of them creates very large values."
    )
    too_much = DataRefused([Problem(rule="declaration_invalid", source=folder.source_id, found=made)])
    with memory_bound(address_space(settings), too_much), time_limit(connection, settings.max_sql_seconds, too_long):
        yield


def decisive_columns(folder: SourceFolder) -> frozenset[str]:
    """Return the columns, in lower case, that a source's SQL uses to select or distinguish rows.

    They occur in a condition, a CASE or a comparison of ``reshape.sql``, or under ``exclusions``.
    """
    texts = [folder.reshape(layout) for layout in folder.source.layouts]
    texts += [f"SELECT ({one.where})" for one in folder.source.exclusions]
    nodes = (node for text in texts if text for node in _nodes(_parse(text)) if node.get("class") in _CHOOSING)
    return frozenset(
        str(inner["column_names"][-1]).lower()
        for node in nodes
        for inner in _nodes(node)
        if inner.get("class") == "COLUMN_REF"
    )


def select_problems(statement: str) -> list[str]:
    """Return why a text is not a single SELECT over ``raw``; nothing if it is.

    >>> select_problems("WITH a AS (FROM raw) SELECT * FROM a")
    []
    >>> select_problems("SELECT * FROM raw); COPY raw TO 'x'; SELECT (1")
    ['syntax error at or near ")"']
    >>> select_problems("SELECT * FROM read_csv('other.csv')")
    ["the function 'read_csv' reads something other than the rows of the file; select from raw"]
    """
    return _problems(statement, _TABLES)


def condition_problems(condition: str) -> list[str]:
    """Return why a text is not a single condition on the columns of a row; nothing if it is.

    >>> condition_problems("sex = 'M' AND age LIKE '1%'")
    []
    >>> condition_problems("true) FROM (SELECT 1")
    ['it is not a single condition']
    """
    if problems := _problems(f"SELECT ({condition})", frozenset()):
        return problems
    # The text is put on lines of its own, so that neither a comment nor a parenthesis reaches beyond it.
    whole, parted = (_parse(text) for text in (f"SELECT ({condition})", f"SELECT (\n{condition}\n)"))
    selected = whole[0]["node"].get("select_list", [])
    is_one = len(whole) == 1 and len(selected) == 1 and whole[0]["node"].get("from_table", {}).get("type") == "EMPTY"
    return [] if is_one and len(parted) == 1 else ["it is not a single condition"]


def _problems(statement: str, tables: frozenset[str]) -> list[str]:
    try:
        statements = _parse(statement)
    except ValueError as error:
        return [str(error)]
    if len(statements) != 1:
        return [f"there are {len(statements)} statements; exactly one SELECT is allowed"]
    own = {entry["key"] for node in _nodes(statements) if "cte_map" in node for entry in node["cte_map"]["map"]}
    return list(dict.fromkeys(_forbidden(_nodes(statements), tables | own)))


def _parse(statement: str) -> list[dict[str, Any]]:
    """Return the statements of a text as DuckDB parses them.

    Raises:
        ValueError: no SELECT, or a syntax error.
    """
    row = parser_connection().cursor().execute("SELECT json_serialize_sql(?::VARCHAR)", [statement]).fetchone()
    parsed = json.loads(row[0]) if row else {}
    if parsed.get("error"):
        message = str(parsed["error_message"])
        raise ValueError("only a SELECT is allowed" if message.startswith("Only SELECT") else message.split("\n")[0])
    return list(parsed["statements"])


@cache
def parser_connection() -> duckdb.DuckDBPyConnection:
    """A connection that parses texts and runs none of them."""
    return duckdb.connect(config={"threads": 1, "enable_external_access": "false"})


_CLOCK = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
"""Functions that are written without parentheses, as a column is."""


@cache
def unstable_functions() -> frozenset[str]:
    """Functions whose result depends on more than their arguments: clock, random numbers, settings, connection."""
    rows = (
        parser_connection()
        .cursor()
        .execute("SELECT function_name FROM duckdb_functions() WHERE stability <> 'CONSISTENT'")
        .fetchall()
    )
    return frozenset(name.lower() for (name,) in rows) - _VOLATILE_BUT_SAFE


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    """Yield every node of a parsed statement."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item)


def _forbidden(nodes: Iterable[dict[str, Any]], tables: frozenset[str]) -> Iterator[str]:
    known = {table.lower() for table in tables}
    for node in nodes:
        if node.get("type") == "BASE_TABLE":
            name = ".".join(filter(None, (node.get("catalog_name"), node.get("schema_name"), node["table_name"])))
            if name.lower() not in known:
                yield f"it reads {name!r}, which is not raw" + (" or a name of its own WITH" if tables else "")
        elif node.get("type") == "TABLE_FUNCTION":
            name = str(node["function"].get("function_name"))
            if name.lower() not in _TABLE_FUNCTIONS:
                yield f"the function {name!r} reads something other than the rows of the file; select from raw"
        elif node.get("class") == "FUNCTION" and str(node["function_name"]).lower() in unstable_functions():
            name = str(node["function_name"])
            yield _changing(f"the function {name!r}")
        elif node.get("class") == "COLUMN_REF" and (name := ".".join(node["column_names"]).lower()) in _CLOCK:
            yield _changing(f"{name!r}") + f"; a column of that name is raw.{name}"


def _changing(what: str) -> str:
    return f"{what} gives a different result each time; the same file must always give the same figures"
