"""Checks on ages: numbers that probably mean an unknown age, and bands beside narrower bands inside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.harmonise.checks.incident_file import FileFacts, IncidentFile
from pipelines.harmonise.statements import Grain
from pipelines.system.connection import column_names, fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import Outcome
from pipelines.system.sql import fill_sql
from schemas.codelists import parse_age
from schemas.declarations import breakdown_columns, quote_literal
from schemas.source import SourceFolder

# Of 55,237 homicides of the FBI's Supplementary Homicide Reports, 1,147 victims were in their first year, 4.6 times as
# many as in one of the nine years after it; 118 were 90 to 97, and 2 were 98 or 99.
_LEAST_INCIDENTS = 20
_LEAST_SHARE = 0.02
_MOST_OF_AGE_0 = 6
_YEARS_AFTER = 9
_LEAST_OF_ONE_AGE = 0.05
_MOST_OF_ONE_AGE = 5
_OLD = 98
_MOST_GROUPS = 20
_GROUPS = re.compile(
    r"\b(?:groups?|bands?|ranges?|brackets?|grupos?|rangos?|tramos?|quinquenio|faixas?|groupes?|tranches?|gruppen?)\b"
    r"|gruppe",
    re.IGNORECASE,
)
"""A column of groups of ages, whose codes up to so many would be read as years."""

_LEAST_HOLDING = 0.95
"""Share of the figures in which a band is no less than those inside it together, from which on it holds them: persons
known only to be minors are other persons than those of 0 to 14, and sooner or later fewer."""
_OLDEST = 999


@dataclass(frozen=True)
class _OuterBand:
    """An age band beside bands inside it: a row of ``bands_beside_parts.sql``."""

    measure: str
    age: str
    inner_ages: str
    holding: int
    figures: int
    file: str | None
    row: int | None
    value: float
    inner_value: float


def find_births(file: IncidentFile) -> list[int]:
    """Return how many persons have the most common date of birth, and the next one, and any; empty without such dates.

    No date is kept: one that so many have is the default of a form.
    """
    source, column = file.source, file.source.columns.get("age", "")
    if source.ages is None or source.ages.unit != "birth_date" or column not in file.table.kept:
        return []
    unknown = [word.strip() for dimension, word, _ in file.folder.words if dimension == "age"]
    return file.count_most_common([column], unknown)


def _births_piled(facts: FileFacts) -> list[str]:
    """Return, as text, the files in which so many persons share a date of birth that it must mean unknown."""
    found = []
    for file, fact in facts:
        most, following, known = fact.get("births") or (0, 0, 0)
        if most >= max(_LEAST_INCIDENTS, _LEAST_OF_ONE_AGE * known) and most > _MOST_OF_ONE_AGE * following:
            found.append(
                f"{file.name}: {most:,} of {known:,} have the same date of birth, and {following:,} the next in number"
            )
    return found


def check_ages(
    connection: duckdb.DuckDBPyConnection,
    gives_years: bool,
    ages: Mapping[int, int],
    facts: FileFacts = (),
    column: str = "",
) -> Outcome:
    """Warn if far more incidents have one age than the neighbouring ages make plausible.

    Files give an unknown age as 0 or 99, or as the default of a form, such as 18 or 30. Read as an age, it is counted
    in the band of that age.

    Args:
        connection: has ``tally_part``, the combinations of incidents.
        gives_years: whether the tallies have the number of incidents with the youngest and oldest ages.
        ages: how many incidents of known age have each age in years.
        facts: what was found in each file of incidents.
        column: the name of the column of ages.
    """
    if not gives_years:
        return Outcome.not_applicable("ages_piled")
    newborn, young, old, oldest, known = (
        number or 0 for number in fetch_row(connection, fill_sql("harmonise/ages_piled"))
    )
    least = max(_LEAST_INCIDENTS, _LEAST_SHARE * known)
    found = _births_piled(facts)
    if known >= _LEAST_INCIDENTS and ages and max(ages) <= _MOST_GROUPS and _GROUPS.search(column.replace("_", " ")):
        found.append(
            f"all {known:,} ages are {min(ages)} to {max(ages)} in {column!r}: perhaps codes of groups of ages"
        )
    if newborn >= least and newborn * _YEARS_AFTER > _MOST_OF_AGE_0 * young:
        found.append(f"{newborn:,} of {known:,} have the age 0, and {young:,} an age from 1 to 9")
    if oldest >= least and oldest > old:
        found.append(f"{oldest:,} of {known:,} have the age 98 or 99, and {old:,} an age from 90 to 97")
    least_of_one = max(_LEAST_INCIDENTS, _LEAST_OF_ONE_AGE * known)
    for age, number in ages.items():
        beside = [ages.get(age + step, 0) for step in (-3, -2, -1, 1, 2, 3)]
        if 0 < age < _OLD and number >= least_of_one and _is_piled(number, beside):
            usual = sum(beside) / len(beside)
            found.append(f"{number:,} of {known:,} have the age {age}, and {usual:,.0f} each of those beside it")
    return Outcome.of_warning("ages_piled", known, found, shown=len(found))


def _is_piled(number: int, beside: Sequence[int]) -> bool:
    """Whether one age is too frequent to be explained by rounding to tens, which doubles or trebles a number.

    >>> _is_piled(225, [12, 9, 14, 11, 10, 13]), _is_piled(30, [12, 9, 14, 11, 10, 13])
    (True, False)
    """
    return number > _MOST_OF_ONE_AGE * max(sum(beside) / len(beside), 1)


def check_bands(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, grain: Grain) -> Outcome:
    """Refuse a table that has an age band beside narrower bands inside it.

    Bands are added up even if they exceed a printed total, so the persons of the inner bands would be counted twice in
    the total, and in every rate. Incidents are not judged, as each has one age.

    Args:
        connection: has ``core``.
        folder: the source.
        grain: of its rows: cell or incident.

    Raises:
        DataRefused: there is such a band.
    """
    rule, source = "band_beside_parts", folder.source
    measures = [name for name, measure in source.measures.items() if measure.figures in ("count", "stock")]
    if grain != "cell" or not measures:
        return Outcome.not_applicable(rule)
    codes = [code for (code,) in connection.execute("SELECT DISTINCT CAST(age AS VARCHAR) FROM core").fetchall()]
    total = source.totals.get("age", "_T")
    inside = bands_inside([code for code in codes if code != total])
    if len(codes) < 2:
        return Outcome.not_applicable(rule)
    if inside:
        connection.register("band_inside", pa.Table.from_pylist([{"age": age, "inside": part} for age, part in inside]))
        keys = _keys_beside_age(connection)
        found = run_sql(
            connection,
            "harmonise/bands_beside_parts",
            keys=", ".join(keys),
            outer_keys=", ".join(f"outer_band.{key}" for key in keys),
            same_keys=" AND ".join(f"inner_band.{key} IS NOT DISTINCT FROM outer_band.{key}" for key in keys),
            measures=", ".join(map(quote_literal, measures)),
            total=quote_literal(total),
            least_share=str(_LEAST_HOLDING),
        ).fetchall()
        connection.unregister("band_inside")
        if found:
            raise DataRefused([_band_problem(folder, _OuterBand(*row)) for row in found])
    return Outcome.of_refusal(rule, len(codes))


def bands_inside(codes: list[str]) -> list[tuple[str, str]]:
    """Return the pairs of a band and the next narrower band inside it.

    >>> bands_inside(["Y0", "Y0T14", "Y0T17", "Y_GE18", "_U"])
    [('Y0T14', 'Y0'), ('Y0T17', 'Y0T14')]
    """
    ranges = {}
    for code in sorted(codes):
        if (bounds := parse_age(code)) is not None:
            ranges[code] = (bounds[0], _OLDEST if bounds[1] is None else bounds[1])

    def holds(one: str, other: str) -> bool:
        (low, high), (from_age, to_age) = ranges[one], ranges[other]
        same = (low, high) == (from_age, to_age)  # two codes of the same ages: Y0T14 and Y_LT15
        return one < other if same else low <= from_age and to_age <= high

    pairs = [(one, other) for one in ranges for other in ranges if holds(one, other)]
    return [
        (one, other) for one, other in pairs if not any((one, mid) in pairs and (mid, other) in pairs for mid in ranges)
    ]


def _keys_beside_age(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The columns, other than age, that distinguish the figures of a source."""
    columns = column_names(connection, "core")
    beside = ["ref_area", "time_period", "iccs", "national_code", *breakdown_columns()]
    return [name for name in dict.fromkeys(beside) if name in columns and name != "age"]


def _band_problem(folder: SourceFolder, band: _OuterBand) -> Problem:
    words = {code: word for dimension, word, code in folder.words if dimension == "age"}
    inner = band.inner_ages.split(", ")
    named = ", ".join(f"{words.get(age, age)!r} ({age})" for age in inner)
    return Problem(
        rule="band_beside_parts",
        source=folder.source_id,
        file=band.file,
        row=band.row,
        column=folder.source.columns.get("age", "age"),
        value=words.get(inner[0], band.inner_ages),
        found=f"The measure {band.measure!r} has the age band {words.get(band.age, band.age)!r} ({band.age}) beside "
        f"{named}, inside it: {band.value:,.10g} beside {band.inner_value:,.10g}. In {band.holding:,} of "
        f"{band.figures:,} figures it has no fewer.",
    )
