"""Checks on what the periods of a source really are: spans of years, running sums, mixed frequencies, weeks.

No single row shows it. The checks read observations in codes: a row for each cell and link, or for each combination of
codes of incidents.
"""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import duckdb
import pyarrow as pa

from pipelines.harmonise.values.dates import ENDS_OF_MONTHS, periods_named
from pipelines.harmonise.values.numbers import number_text
from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.outcomes import YEAR, Outcome
from pipelines.system.sql import fill_sql
from schemas.declarations import breakdown_columns, quote_literal
from schemas.source import Source, SourceFolder

_ONE_LESS = re.compile(r"-\s*1\b")
_FREQUENCIES = {"A": "year", "Q": "quarter", "M": "month"}
# In running sums no month is below the one before, except for corrections, at most one in fifty.
_MOST_FALLING = 0.02
_LEAST_RISES = 5
_LEAST_RISES_OF_PART = 9
_MOST_RUNNING_SUMS = 5
# The night of New Year has two to four times the violence of another day; dates of which the year alone is known pile
# up on its day.
_LEAST_FIRST_DAYS = 20
_MOST_FIRST_DAYS = 6
_OTHER_DAYS = 30
_MORE_THAN_USUAL = 1.3
_FEW_MONTHS = 2
# Of dates spread over months, 39 in 100 are up to the twelfth: for all of forty, the chance is 1 in 10^16.
_LEAST_DATES = 40
_LEAST_MONTHS = 3
_FEW_DAYS = 0.01
# A week is 23 in 100 of a month; a file that ends within a month has none of its last.
_LEAST_AT_ENDS = 0.1
_TWO_FILES = 2
# Where so many are expected, none has a chance of one in five hundred million, and of less than one in a hundred
# thousand where the variance is twice the mean.
_LEAST_EXPECTED = 20
_NEARLY_NONE = 0.05

_YEARS_APART = 40
"""Years without figures between two centuries."""
_LONG_AGO = 1950
"""Records of single incidents begin later than this."""


def check_periods(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Outcome]:
    """Refuse a source whose periods are not what their texts seem to say.

    Args:
        connection: has ``core``, with ``_file``, ``_sheet`` and ``_row`` (NULL for incidents).
        source: the source.

    Raises:
        DataRefused: spans of two years or weeks taken for months, two frequencies in one measure, or months that are
            undeclared running sums.
    """
    problems = [
        *_years_as_months(connection, source),
        *_named_otherwise(connection, source),
        *_mixed_frequencies(connection, source),
    ]
    if problems:
        raise DataRefused(problems)
    outcomes = [Outcome("mixed_frequencies", "passed", len(source.measures), 0), _check_centuries(connection, source)]
    if source.kind == "incident":
        return outcomes  # events: nothing is added up yet
    return [*outcomes, _check_running_sums(connection, source)]


def _check_centuries(connection: duckdb.DuckDBPyConnection, source: Source) -> Outcome:
    """Warn of years that may be in the wrong century: a hundred years before others, or incidents of long ago."""
    counted = connection.execute(
        "SELECT CAST(left(CAST(time_period AS VARCHAR), 4) AS INTEGER) AS year, count(*) FROM core "
        "WHERE value IS NOT NULL GROUP BY year ORDER BY year"
    ).fetchall()
    years = [int(year) for year, _ in counted]
    gap = next((one for one, after in pairwise(years) if after - one >= _YEARS_APART), None)
    later = [year for year in years if gap is not None and year > gap]
    early = [year for year in years if later and year < later[0] and later[0] - 5 <= year + 100 <= later[-1] + 5]
    if source.kind == "incident" and years and max(years) < _LONG_AGO:
        early = years
    found = [f"{min(early)} to {max(early)}: is it {min(early) + 100} to {max(early) + 100}?"] if early else []
    about = tuple((YEAR, str(year)) for year in early)
    return replace(Outcome.of_warning("century_of_years", len(years), found), about=about)


def _years_as_months(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Problem]:
    """Problems of years such as 2009-10, 2010-11, 2011-12: every "month" is the next year, so they are spans."""
    row = run_sql(connection, "harmonise/years_as_months").fetchone()
    if row is None:
        return []
    first, last, periods, file, sheet, line = row
    found = (
        f"The {periods} periods from {first} to {last} can be months (one per year, each a month later) or years that "
        "do not begin in January (financial, fiscal or school years)."
    )
    return [_problem("years_as_months", source, found, file, sheet, line, first)]


def _named_otherwise(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Problem]:
    """Problems of months in a column that is named after weeks, quarters or half-years: 2023-02 is their second."""
    # Of dates with a day, a week or quarter may be the one that it begins.
    is_day = source.kind == "incident" and any("D" in form for form in source.dates)
    column = source.columns.get("month", "" if is_day else source.columns.get("time_period", ""))
    named = periods_named(column)
    if named is None:
        return []
    periods, first, file, sheet, row = fetch_row(
        connection,
        "SELECT count(DISTINCT time_period), min(CAST(time_period AS VARCHAR)), arg_min(_file, (_file, _row)), "
        "arg_min(_sheet, (_file, _row)), min(_row) FROM core WHERE freq = 'M'",
    )
    if not periods:
        return []
    found = f"The column of the periods is named after {named}, but its {periods:,} periods would be read as months."
    return [replace(_problem("months_of_another_name", source, found, file, sheet, row, first), column=column)]


def _mixed_frequencies(connection: duckdb.DuckDBPyConnection, source: Source) -> list[Problem]:
    found: dict[str, list[tuple[str, int, str | None, str | None, int | None, str]]] = {}
    for measure, *rest in run_sql(connection, "harmonise/mixed_frequencies").fetchall():
        found.setdefault(measure, []).append(tuple(rest))
    problems = []
    for measure, freqs in found.items():
        parts = [
            f"{cells:,} by {_FREQUENCIES[freq]}"
            + (f" (first in row {row}: {period})" if row else f" (such as {period})")
            for freq, cells, _, _, row, period in freqs
        ]
        _, _, file, sheet, row, period = freqs[-1]
        text = f"The measure {measure!r} has figures of several frequencies: {'; '.join(parts)}."
        problems.append(_problem("mixed_frequencies", source, text, file, sheet, row, period))
    return problems


def _check_running_sums(connection: duckdb.DuckDBPyConnection, source: Source) -> Outcome:
    """Refuse months that fall only where a year begins, and grow with the months: running sums.

    They are looked for in a measure as a whole, and if it has none, in each of its areas and codes.
    """
    if source.cumulative is not None:
        return Outcome("months_accumulate", "passed", 0, 0)
    ((judged,),) = connection.execute(
        "SELECT count(DISTINCT measure) FROM core WHERE freq IN ('M', 'Q') AND value IS NOT NULL"
    ).fetchall()
    if not judged:
        return Outcome.not_applicable("months_accumulate")
    keys = ("measure", "national_code", "ref_area", *breakdown_columns())
    found = run_sql(
        connection,
        "harmonise/running_sums",
        keys=", ".join(keys),
        series=", ".join(f"monthly.{key}" for key in keys),
        same_series=" AND ".join(f"earlier.{key} IS NOT DISTINCT FROM now.{key}" for key in keys),
        most_falling=str(_MOST_FALLING),
        least=str(_LEAST_RISES),
        least_of_part=str(_LEAST_RISES_OF_PART),
    ).fetchall()
    if found:
        raise DataRefused([_running_sum(connection, source, _RunningSums(*one)) for one in found[:_MOST_RUNNING_SUMS]])
    return Outcome.of_refusal("months_accumulate", judged)


class _RunningSums(NamedTuple):
    """The months of a measure, or of an area or code of it, that look like running sums: see ``running_sums.sql``."""

    measure: str
    area: str | None
    code: str | None
    in_year: int
    start: int
    steps: int
    rises: int
    falls: int
    firsts: int
    lower: int
    first: float
    last: float


def _running_sum(connection: duckdb.DuckDBPyConnection, source: Source, sums: _RunningSums) -> Problem:
    """The problem of running sums, with their last row."""
    part = {"measure": sums.measure, "ref_area": sums.area, "national_code": sums.code}
    given: dict[str, object] = {name: value for name, value in part.items() if value is not None}
    wanted = " AND ".join(f"{name} = ${name}" for name in given)
    (period, file, sheet, row) = fetch_row(
        connection,
        "SELECT max(time_period), arg_max(_file, time_period), arg_max(_sheet, time_period), "
        f"arg_max(_row, time_period) FROM core WHERE freq <> 'A' AND {wanted}",
        given,
    )
    month = 12 // sums.in_year * sums.start + 1
    of_part = "".join(f" of {value}" for value in (sums.area, sums.code) if value is not None)
    falling = (
        f", and is lower in {sums.lower:,} of {sums.firsts:,} first months (or quarters) of a year"
        if sums.firsts
        else ""
    )
    found = (
        f"The months (or quarters) of {sums.measure!r}{of_part} look like cumulative figures since "
        f"{month_name[month]}: from one to the next the figure falls in {sums.falls:,} of {sums.steps:,} cases"
        f"{falling}; the first months of all years add up to {number_text(sums.first)}, the last to "
        f"{number_text(sums.last)}."
    )
    found += f' Declare cumulative: "{month:02d}" if they are.' if sums.start and not of_part else ""
    return _problem("months_accumulate", source, found, file, sheet, row, period)


def check_first_days(connection: duckdb.DuckDBPyConnection, *, has_days: bool) -> Outcome:
    """Warn if far more incidents fall on one day of the year than on others: of many of them only the year is known.

    The year is right, but incidents of all months are counted in one: in January if they are dated on its first day, in
    July or December if they are dated in the middle or at the end of the year.

    Args:
        connection: has ``tally_part``, the combinations of incidents, and ``period_seen``.
        has_days: whether the tallies have the number of incidents dated 1 January.
    """
    if not has_days:
        return Outcome.not_applicable("first_days")
    years = run_sql(connection, "harmonise/first_days").fetchall()
    found = [
        f"{year}: {first:,} of {january:,} incidents of January are dated 1 January"
        for year, first, january in years
        if first >= _LEAST_FIRST_DAYS and first * _OTHER_DAYS > _MOST_FIRST_DAYS * (january - first)
    ]
    days = min(ENDS_OF_MONTHS)
    for year, month, is_first, piled, records in run_sql(
        connection,
        "harmonise/days_piled",
        first=f"first_{days}",
        last=f"last_{days}",
        days=str(days),
        month_days=str(_OTHER_DAYS),
        least=str(_LEAST_FIRST_DAYS),
        more=str(_MORE_THAN_USUAL),
        times=str(_MOST_FIRST_DAYS),
        few_months=str(_FEW_MONTHS),
    ).fetchall():
        which = "first" if is_first else "last"
        found.append(
            f"{year}: {piled:,} of {records:,} incidents of {month_name[month]} are dated in its {which} {days} days"
        )
    return Outcome.of_warning("first_days", len(years), found)


def check_kinds_of_years(connection: duckdb.DuckDBPyConnection, noted: Sequence[str]) -> Outcome:
    """Warn if some years are written as two (2018-19) and others as one: financial and calendar years may be mixed.

    Args:
        connection: has ``tally_part`` and ``period_seen``.
        noted: what its tallies count; nothing is checked if that does not include how years are written.
    """
    rule = "years_of_two_kinds"
    if "is_span" not in noted:
        return Outcome.not_applicable(rule)
    *spans, first, last, cells = fetch_row(connection, fill_sql("harmonise/years_of_two_kinds"))
    if not cells or spans[0] is None or first is None:
        return Outcome(rule, "passed", cells, 0)
    found = f"years of {first} to {last} are written as one year, years of {spans[0]} to {spans[1]} as two"
    return Outcome(rule, "warned", cells, 1, found)


def has_years_as_given(connection: duckdb.DuckDBPyConnection, folder: SourceFolder, noted: Sequence[str]) -> bool:
    """Tell whether some years that span two are written as one, and no reshape subtracts 1 from them.

    Args:
        connection: has ``tally_part`` and ``period_seen``.
        folder: the source.
        noted: what its tallies count.
    """
    if "is_span" not in noted:
        return False
    _, _, first, *_ = fetch_row(connection, fill_sql("harmonise/years_of_two_kinds"))
    reshapes = (folder.reshape(layout) or "" for layout in folder.source.layouts)
    return first is not None and not any(_ONE_LESS.search(text) for text in reshapes)


def check_forms_of_dates(
    connection: duckdb.DuckDBPyConnection,
    source: Source,
    noted: Sequence[str],
    files: Mapping[str, str],
    tallies: Sequence[str],
) -> Outcome:
    """Warn if hardly any date in a form has a day above the 12th, or all have one: day and month may be swapped.

    A spreadsheet program in another language reads 05/06/2023 as 6 May and leaves 25/06/2023 as text. Of real dates,
    spread over several months, two in five have a day up to the 12th.

    Args:
        connection: has ``tally_part``, the combinations of incidents, with ``area_seen`` and ``period_seen``.
        source: the source.
        noted: what its tallies count; nothing is checked if that does not include the forms of days.
        files: the name of the file of each partition.
        tallies: the Parquet files of the tallies.
    """
    rule = "days_up_to_twelve"
    forms = [number for number in range(len(source.dates)) if f"form_{number}_early" in noted]
    if not forms:
        return Outcome.not_applicable(rule)
    counts = [f"form_{number}" if f"form_{number}" in noted else "records" for number in forms]
    rows = run_sql(connection, "harmonise/days_of_forms", forms=forms, counts=counts).fetchall()
    of_files = []
    if len(files) >= _TWO_FILES:
        paths = ", ".join(quote_literal(path) for path in tallies)
        statement = run_sql(connection, "harmonise/days_of_files", forms=forms, counts=counts, files=paths)
        of_files = [(form, files[part], *figures) for form, part, *figures in statement.fetchall()]
    found = []
    for number in forms:
        of_areas = [row[1:] for row in rows if row[0] == number]
        months = max((row[1] for row in of_areas), default=0)
        sums = (sum(row[place] for row in of_areas) for place in (2, 3, 4))
        form = source.dates[number]
        everywhere = _days_of_form(form, len(forms), "all areas", months, *sums)
        one_by_one = [_days_of_form(form, 1, *row) for row in (*of_areas, *(r[1:] for r in of_files if r[0] == number))]
        found += list(filter(None, [everywhere] if everywhere else one_by_one))
    return Outcome.of_warning(rule, len(rows), found)


def _days_of_form(form: str, forms: int, of: str, months: int, dates: int, first: int, early: int) -> str | None:
    """Return what is implausible about the days of dates in one form; None if nothing is."""
    if dates < _LEAST_DATES or months < _LEAST_MONTHS:
        return None
    if early >= (1 - _FEW_DAYS) * dates and first <= dates / 2:
        return f"{of}: {early:,} of {dates:,} dates as {form} have a day up to 12"
    if forms > 1 and early <= _FEW_DAYS * dates:
        return f"{of}: {dates - early:,} of {dates:,} dates as {form} have a day above 12"
    return None


def check_following_files(
    connection: duckdb.DuckDBPyConnection, files: Mapping[str, str], tallies: Sequence[str], has_days: bool
) -> Outcome:
    """Warn of months that two successive files of incidents both cover in full.

    Files with identical rows have been refused already; here the second edition has more or corrected rows.

    Args:
        connection: one to compare the tallies on.
        files: the name of the file of each partition.
        tallies: the Parquet files of the tallies.
        has_days: whether they count the incidents at the beginning and the end of each month.
    """
    rule = "files_overlap"
    if not has_days or len(files) < _TWO_FILES:
        return Outcome.not_applicable(rule)
    rows = run_sql(
        connection,
        "harmonise/months_of_two_files",
        files=", ".join(quote_literal(path) for path in tallies),
        least=str(_LEAST_EXPECTED),
        least_at_ends=str(_LEAST_AT_ENDS),
    ).fetchall()
    found = [
        f"{files[one]} has {first:,} incidents of {period // 100}-{period % 100:02}, and {files[other]} has {second:,}"
        for one, other, period, first, second in rows
    ]
    about = tuple((YEAR, str(year)) for year in sorted({period // 100 for _, _, period, *_ in rows}))
    return replace(Outcome.of_warning(rule, len(files), found), about=about)


def _problem(
    rule: str, source: Source, found: str, file: str | None, sheet: str | None, row: int | None, period: str
) -> Problem:
    """A problem with periods, with the place and the text of one of them."""
    column = source.columns.get("time_period")
    return Problem(rule, source.source_id, found, file, sheet, row, column, value=period)


def open_received(connection: duckdb.DuckDBPyConnection, files: Sequence[tuple[str, str]]) -> None:
    """Create the table ``received`` of the day on which each file came: no figure can be of a later time.

    Args:
        connection: gets the table, of ``file`` and ``day``.
        files: the name of each file in the observations, and its day, as 2024-03-05.
    """
    names, days = zip(*files, strict=True) if files else ((), ())
    connection.register(
        "incoming", pa.table({"file": pa.array(names, pa.string()), "day": pa.array(days, pa.string())})
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE received AS SELECT DISTINCT file, CAST(day AS DATE) AS day FROM incoming"
    )
    connection.unregister("incoming")


def find_periods_not_over(connection: duckdb.DuckDBPyConnection, source: Source, seen: str) -> None:
    """Create ``period_not_over``: the periods whose last file came before they had ended.

    Args:
        connection: with ``received``.
        source: the source; years that begin in a later month end correspondingly later.
        seen: SELECT of each ``ref_area`` (NULL: all), ``time_period`` and ``file`` with figures.
    """
    months = int(source.year_starts) - 1 if source.year_starts else 0
    run_sql(connection, "harmonise/periods_not_over", seen=seen, months_later=str(months))


def find_months_cut(connection: duckdb.DuckDBPyConnection, has_days: bool) -> None:
    """Create ``month_cut``: months of an area whose first or last days have hardly any incidents.

    Args:
        connection: has ``tally_part``, ``area_seen`` and ``period_seen``.
        has_days: whether the tallies count incidents at the beginning and the end of a month; else the table is empty.
    """
    if has_days:
        least = {"least_expected": str(_LEAST_EXPECTED), "nearly_none": str(_NEARLY_NONE)}
        run_sql(connection, "harmonise/months_cut", windows=ENDS_OF_MONTHS, **least)
    else:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE month_cut (ref_area VARCHAR, time_period VARCHAR, detail VARCHAR)"
        )
