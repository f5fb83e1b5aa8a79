"""Populations of the parts of a country for years with only the country's population, as declared by their source."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from pipelines.system.connection import run_sql
from pipelines.system.errors import DataRefused, Problem
from schemas.definition.backcast import Backcast
from schemas.errors import nearest_values
from schemas.source import Source, SourceFolder

_FOUND = {
    "no parts": "shares_of names {year}, but the source has no population of a part of a country in any year.",
    "no shares": "shares_of names {year}, but the source has no population of a part of a country in that year: its "
    "years are {first} to {last}.",
    "not whole": "The parts of {area} in {year} are incomplete: shares can be computed only from all of them.",
    "in one year": "{area} has no population in {year}, but has one in the other year of shares_of.",
    "below zero": "The share of {area} in its country, on the line through both years, is zero or less in {year}.",
    "nothing to make": "The parts have a population in every year from {year} on: there is nothing to carry back.",
}


def carry_back(
    connection: duckdb.DuckDBPyConnection, declared: Mapping[str, Backcast], priorities: Mapping[str, int]
) -> None:
    """Add the declared populations to ``out.population``.

    If the source of the country's population is not loaded, or its file begins after the years of the shares, there are
    none, and rates have the caveat ``no_population``.

    Args:
        connection: the warehouse being built, with populations, loaded and interpolated.
        declared: the declaration of each population source that has one.
        priorities: of each population source; if two declare the same area and year, the lowest number is used.

    Raises:
        DataRefused: the populations contradict the declaration.
    """
    if not declared:
        return
    rows = [
        {
            "source": source,
            "first_year": backcast.first_year,
            "share_year": backcast.shares_of[0],
            "last_share_year": backcast.last_share_year,
            "country_source": backcast.country_population,
            "priority": priorities[source],
        }
        for source, backcast in declared.items()
    ]
    connection.register("backcast", pa.Table.from_pylist(rows))
    problems = [
        Problem(
            rule="backcast_possible",
            source=source,
            found=_FOUND[reason].format(area=area, year=year, first=first, last=last),
            column="backcast",
        )
        for source, reason, area, year, first, last in run_sql(connection, "publish/impossible_backcasts").fetchall()
    ]
    if problems:
        raise DataRefused(problems)
    run_sql(connection, "publish/backcast_population")
    connection.unregister("backcast")


def refuse_unknown_countries(sources: list[Source], folders: Mapping[str, SourceFolder]) -> None:
    """Refuse a declaration whose source of the country's population does not exist, or has no population.

    Args:
        sources: those to be published.
        folders: every known source.

    Raises:
        DataRefused: names the nearest population sources.
    """
    problems = []
    for source in sources:
        if source.backcast is None:
            continue
        named = source.backcast.country_population
        known = folders.get(named)
        if known is not None and known.source.kind == "population":
            continue
        populations = [name for name, folder in folders.items() if folder.source.kind == "population"]
        found = f"country_population names {named}, which is " + (
            "not a known source." if known is None else "not a source of populations."
        )
        near = tuple(nearest_values(named, populations))
        problems.append(Problem("backcast_possible", source.source_id, found, column="backcast", nearest=near))
    if problems:
        raise DataRefused(problems)
