"""Annual series of a release with their breaks, and status and caveats of figures on several years."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from pipelines.publish.series.breaks import SERIES_KEY, Breaks, SeriesBreaks, series_break_at
from pipelines.system.connection import fetch_arrow
from schemas.codelists import weakest_status
from schemas.declarations import join_caveats, no_attributes_sql, uncompared_sql

RATE, COUNT = "rate_per_100k", "count"
"""What a trend or a change refers to (``basis``)."""


ESTIMATED_POPULATIONS = frozenset({"population_interpolated", "population_backcast"})
"""Caveats of rates that are estimates (E) because of their population; their counts may be exact."""


@dataclass(frozen=True)
class Marks:
    """Status, completeness and caveats of each year of a series."""

    statuses: Sequence[str] = ()
    completeness: Sequence[float | None] = ()
    caveats: Sequence[str | None] = ()

    def combine(self, places: Sequence[int], *, bridged: bool) -> dict[str, Any]:
        """Return the weakest status and all caveats of a figure computed from the years at these positions.

        Args:
            places: positions in the series.
            bridged: whether the figure spans a bridge, which makes it an estimate.

        >>> Marks(["A", "P"], [1.0, 0.5], [None, "volume_jump"]).combine([0, 1], bridged=False)
        {'obs_status': 'P', 'completeness': 0.5, 'caveats': 'volume_jump'}
        """
        seen = {"E"} if bridged else {self.statuses[place] for place in places}
        known = [share for place in places if (share := self.completeness[place]) is not None]
        return {
            # A break (B) is at the beginning of the years used, never between them.
            "obs_status": weakest_status(seen - {"B"}),
            "completeness": min(known, default=None),
            "caveats": join_caveats(*(self.caveats[place] for place in places)),
        }


@dataclass(frozen=True)
class AnnualSeries:
    """One series by year, years rising.

    Attributes:
        years: with a count.
        counts: of each year.
        populations: of each year; None if the year has no rate.
        breaks: those inside the series.
        rates: per 100,000, of each year; None if it has none.
        marks: of each year.
        key: columns that identify the series in ``out.trend`` and ``out.change``.
        stock: whether it counts persons on a day; these are not events, so Poisson chance does not apply to a change.
    """

    years: Sequence[int]
    counts: Sequence[float]
    populations: Sequence[float | None]
    breaks: Breaks
    rates: Sequence[float | None] = ()
    marks: Marks = Marks()
    key: Mapping[str, Any] = field(default_factory=dict)
    stock: bool = False

    def has_rates(self, first: int) -> bool:
        """Whether both the year at this position and the last one have a rate."""
        return self.populations[first] is not None and self.populations[-1] is not None

    def is_estimated(self, place: int) -> bool:
        """Whether the figure of a year is estimated, at least in part, and not a count: E, or B covering an E."""
        if not self.marks.statuses:
            return False
        status, count = self.marks.statuses[place], self.counts[place]
        return status == "E" or count != round(count) or (status == "B" and self._has_estimated_counts())

    def _has_estimated_counts(self) -> bool:
        """Whether a year is E because of its count, as far as can be seen, and not of its population."""
        years = zip(self.marks.statuses, self.marks.caveats, strict=True)
        return any(
            status == "E" and not ESTIMATED_POPULATIONS.intersection((caveats or "").split(";"))
            for status, caveats in years
        )

    def exposures(self, rates: bool) -> Sequence[float | None]:
        """Populations, or 1 for each year where counts are compared."""
        return self.populations if rates else [1.0] * len(self.years)


def read_annual_series(
    connection: duckdb.DuckDBPyConnection, stocks: Collection[tuple[str, str, str]] = ()
) -> list[AnnualSeries]:
    """Return every series of ``out.rate`` over all ages and attributes with at least two years.

    ``out.series_break`` and ``out.series_bridge`` must be filled before.

    Args:
        connection: the warehouse being built.
        stocks: source, stage and counting unit of figures that count persons on a day.
    """
    declared = SeriesBreaks(connection)
    found = []
    parts = {"no_attributes": no_attributes_sql(), "uncompared": uncompared_sql()}
    for row in fetch_arrow(connection, "publish/trend_points", **parts).to_pylist():
        years, counts, rates = row.pop("years"), row.pop("counts"), row.pop("rates")
        populations, marks = row.pop("populations"), pop_marks(row)
        breaks = find_breaks(declared, [row[name] for name in SERIES_KEY], years, marks)
        stock = (row["source"], row["stage"], row["counting_unit"]) in stocks
        found.append(AnnualSeries(years, counts, populations, breaks, rates, marks, row, stock))
    return found


def pop_marks(row: dict[str, Any]) -> Marks:
    """Remove the lists of marks from a row of a query on series, and return them."""
    return Marks(row.pop("statuses"), row.pop("completeness"), row.pop("caveats"))


def find_breaks(declared: SeriesBreaks, key: Sequence[str], years: Sequence[int], marks: Marks) -> Breaks:
    """Return the breaks inside a series, declared or marked in its cells, and its bridges.

    Args:
        declared: breaks of the release.
        key: values of ``SERIES_KEY``.
        years: of the series.
        marks: of each year.
    """
    marked = [series_break_at(str(year), status) for year, status in zip(years, marks.statuses, strict=True)]
    return declared.of(key, marked).inside(years[0], years[-1])


def latest_unbroken_run(years: Sequence[int], breaks: Sequence[int]) -> tuple[int, int]:
    """Return the slice of the years after the last break, as earlier figures say nothing about the present.

    Args:
        years: rising.
        breaks: years from which figures cannot be compared with earlier ones.

    >>> latest_unbroken_run([2015, 2016, 2017, 2018, 2019], [2018])
    (3, 5)
    """
    last = max((at for at in breaks if years[0] < at <= years[-1]), default=years[0])
    return bisect_left(years, last), len(years)


def latest_rates(rates: Sequence[float | None], start: int, fewest: int) -> tuple[int, int] | None:
    """Return the slice, from a position on, of the last years that all have a rate, if there are enough.

    The very last year may have none, as populations are published later than counts.

    >>> latest_rates([None, None, 4.0, 5.0, None], 0, 2), latest_rates([4.0, 5.0, None, None], 0, 2)
    ((2, 4), None)
    """
    end = len(rates) - (rates[-1] is None)
    first = end
    while first > start and rates[first - 1] is not None:
        first -= 1
    return (first, end) if end - first >= fewest else None
