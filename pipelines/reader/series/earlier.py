"""Directions of the stretches of a series before its last break, which do not describe the present."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pipelines.publish.series.annual_series import AnnualSeries, Marks
from pipelines.publish.series.breaks import Breaks
from pipelines.publish.series.trends import trend_rows
from pipelines.reader.release import packaged_query
from pipelines.reader.selection import TOTAL, SeriesKey, SeriesQuery, key_of
from pipelines.reader.series.counts import read_series
from pipelines.reader.series.rates import Rows
from pipelines.system.settings import Settings
from schemas.declarations import is_compared

FEWEST_YEARS = 2


def read_earlier(wanted: SeriesQuery, keys: Iterable[SeriesKey], settings: Settings | None = None) -> Rows:
    """Return the direction of each stretch before the last unbridged break, in the columns of ``out.trend``.

    Each is computed like the published one for the years after that break, and ``break_handling`` names the break that
    ends it. p is not adjusted, as these tests are not in the release. A stretch of one year has no direction.

    Args:
        wanted: a query for all ages and attributes; nothing is returned for a single age or attribute.
        keys: source, stage and counting unit of each series.
        settings: where the published file is.

    Example::

        read_earlier(SeriesQuery("0301", "AR"), read_trends(SeriesQuery("0301", "AR")).series)
    """
    if wanted.age != TOTAL or wanted.attributes:
        return []
    asked = {"iccs": wanted.iccs, "area": wanted.area, "sex": wanted.sex, "age": wanted.age}
    every = packaged_query("reader/trend_series", settings, wanted, **asked).records()
    found: Rows = []
    for key in keys:
        series = read_series(wanted.of(key), settings)
        for end, one in stretches([row for row in every if key_of(row) == key], key, series.breaks, wanted):
            (row,), _ = trend_rows([replace(one, stock=series.is_stock)])
            bridged = "" if row["break_handling"] == "no break declared" else f"; {row['break_handling']}"
            handling = f"before the break in {end}; used {row['first_year']}-{row['last_year']}{bridged}"
            found.append(row | {"break_handling": handling, "adjusted_p": None, "same_series_as": None})
    return found


def stretches(rows: Rows, key: SeriesKey, breaks: Breaks, wanted: SeriesQuery) -> list[tuple[int, AnnualSeries]]:
    """Return the years between the breaks of one series, except the last, with the year of the break that ends each.

    Years without a comparable figure are left out.
    """
    names = {"source": key.source, "stage": key.stage, "counting_unit": key.counting_unit}
    names |= {"ref_area": wanted.area or "", "iccs": wanted.iccs, "sex": wanted.sex, "area_level": ""}
    found = []
    begin = 0
    for end in breaks.cuts:
        inside = [
            row
            for row in rows
            if begin <= int(row["time_period"]) < end and row["value"] is not None and is_compared(row["caveats"])
        ]
        begin = end
        if len(inside) < FEWEST_YEARS:
            continue
        years = [int(row["time_period"]) for row in inside]
        rates = [row["rate_per_100k"] for row in inside]
        people = [None if row["rate_per_100k"] is None else row["population"] for row in inside]
        marks = Marks(*([row[name] for row in inside] for name in ("obs_status", "completeness", "caveats")))
        own = Breaks((), breaks.inside(years[0], years[-1]).bridges)
        found.append((end, AnnualSeries(years, [row["value"] for row in inside], people, own, rates, marks, names)))
    return found
