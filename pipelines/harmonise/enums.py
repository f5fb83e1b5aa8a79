"""Codes as enumerated types: numbers in the order of their texts, which group and join many times faster than text.

A connection that aggregates or checks figures has one type for each column of codes, ``<column>_code``, and the
observations with these types in the table ``core``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from iccs.classification import load_classification
from pipelines.system.connection import run_sql
from schemas.areas import unlisted_subdivisions, whole_lists
from schemas.codelists import area_ancestors, load_areas, ranked_codes
from schemas.declarations import breakdown_columns, quote_literal
from schemas.project import project_root
from schemas.source import Source

_MAY_LACK = ("iccs", "national_code", "national_label")  # in a population, which has no categories; '' then


def code_columns() -> tuple[str, ...]:
    """Return the columns of an observation that hold codes.

    >>> code_columns()[:3]
    ('measure', 'freq', 'stage')
    """
    first = ("measure", "freq", "stage", "counting_unit", "iccs", "national_code", "national_label")
    return (*first, "ref_area", "area_level", "time_period", *breakdown_columns(), "obs_status")


def total_code(source: Source, dimension: str) -> str:
    """Return the code of a source's total over a dimension: _T, unless it declares to have only part (under 18)."""
    return quote_literal(source.totals.get(dimension, "_T"))


def cast_codes(names: Iterable[str]) -> str:
    """Return the select list that casts columns of text to their types.

    >>> cast_codes(["sex"])
    'CAST(sex AS sex_code) AS sex'
    """
    words = {name: f"coalesce({name}, '')" if name in _MAY_LACK else name for name in names}
    return ", ".join(f"CAST({word} AS {name}_code) AS {name}" for name, word in words.items())


def create_code_types(connection: duckdb.DuckDBPyConnection, source: Source, tables: dict[str, str]) -> None:
    """Create the types, with the codes that occur and those of totals, and the lists that use them.

    Args:
        connection: where to create them.
        source: the source, with the codes of its totals.
        tables: for each column of codes, a table or view that has it.
    """
    register_areas(connection)
    _create_list(connection, "iccs_ancestor", _category_table())
    occurring = " UNION ALL ".join(
        f"SELECT {quote_literal(name)} AS dimension, code FROM (SELECT DISTINCT {name} AS code FROM {tables[name]})"
        for name in code_columns()
    )
    totals = ", ".join(
        f"({quote_literal(name)}, {total_code(source, name)}), ({quote_literal(name)}, '_U')"
        for name in breakdown_columns()
    )
    run_sql(connection, "harmonise/code_in_use", occurring=occurring, totals=totals)
    # Ordered by rank, so that the highest is the status of a figure computed from several: see out.weakest_status.
    statuses = ", ".join(quote_literal(code) for code in ranked_codes("obs_status"))
    connection.execute(f"CREATE TEMP TYPE obs_status_code AS ENUM ({statuses})")
    for name in (*code_columns(), "missing_reason", "conf_status"):
        if name == "obs_status":
            continue
        connection.execute(
            f"CREATE TEMP TYPE {name}_code AS ENUM "
            f"(SELECT DISTINCT code FROM code_in_use WHERE dimension = {quote_literal(name)} ORDER BY code)"
        )
    run_sql(connection, "harmonise/coded_lists")


def register_areas(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the lists of areas needed for aggregation and rules.

    ``area_ancestor``: each area with itself and every area above it, and the levels of both. ``area_validity``: first
    and last year of areas that were created or dissolved. ``area_split``: each area that was made of a part of another,
    with its first year. ``area_whole``: each area and level of which the lists have
    every part. ``area_unlisted``: which parts the other lists lack. ``area_claimed``: each territory and country that
    claims it.
    """
    for name, rows in _area_tables(project_root()).items():
        _create_list(connection, name, rows)


@cache
def _area_tables(_: Path | None) -> dict[str, pa.Table]:
    areas = load_areas()
    levels = {area.code: area.level for area in areas}
    ancestors = [(area, levels[area], ancestor, level) for area, ancestor, level in area_ancestors()]
    changed = [(area.code, area.first_year, area.last_year) for area in areas if area.valid_from or area.valid_to]
    split = [(area.code, origin, area.first_year) for area in areas for origin in area.split_from]
    claimed = [(area.code, country) for area in areas for country in area.claimed_by]
    year = pa.int32()
    return {
        "area_ancestor": _table(ancestors, area=None, area_level=None, ancestor=None, ancestor_level=None),
        "area_validity": _table(changed, area=None, valid_from=year, valid_to=year),
        "area_split": _table(split, area=None, origin=None, first_year=year),
        "area_whole": _table(sorted(whole_lists()), ancestor=None, area_level=None),
        "area_unlisted": _table(unlisted_subdivisions(), ancestor=None, area_level=None, missing=None),
        "area_claimed": _table(claimed, area=None, country=None),
    }


def _table(rows: Sequence[tuple[Any, ...]], **types: pa.DataType | None) -> pa.Table:
    """Return a table of a few columns, which are text unless given another type."""
    columns: Sequence[Sequence[Any]] = list(zip(*rows, strict=True)) if rows else [()] * len(types)
    arrays = {
        key: pa.array(column, kind or pa.string()) for (key, kind), column in zip(types.items(), columns, strict=True)
    }
    return pa.table(arrays)


def _create_list(connection: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    connection.register("code_list", rows)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM code_list")
    connection.unregister("code_list")


@cache
def _category_table() -> pa.Table:
    """``iccs_ancestor``: each category with itself and all its ancestors; ``via`` is the child on the path."""
    classification = load_classification()
    rows = []
    for category in classification:
        way = [category, *classification.ancestors(category.code)]
        rows.append((category.code, category.code, "="))
        rows += [(category.code, above.code, below.code) for below, above in pairwise(way)]
    return _table(rows, code=None, ancestor=None, via=None)
