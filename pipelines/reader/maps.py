"""Rates of one year by area, for a map; an area without a rate has a reason, and is not zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.collect.boundaries import Boundaries, bundled_boundaries, read_boundaries
from pipelines.reader.comparison import unlike_most
from pipelines.reader.release import packaged_query, query
from pipelines.reader.selection import SeriesKey, SeriesQuery, choose_series, key_of
from pipelines.reader.series.rates import Rows
from pipelines.system.settings import Settings
from schemas.comparison import load_comparison_rules
from schemas.errors import UsageError

CLASSES = 5

NO_FIGURE = "no_figure"
"""The reason for areas for which the source has nothing in that year; other reasons come from ``out.rate``."""


@dataclass(frozen=True)
class MapRates:
    """Rates of one year and one series by area.

    Attributes:
        query: what was asked for, with the source, stage and counting unit that were taken; its area is the one whose
            parts are shown, None for countries.
        key: source, stage and counting unit.
        year: of the rates.
        rows: of areas with a rate that is comparable with the others, by code.
        missing: why the others have none, or an incomparable one, by code.
        limits: upper rate of each class but the last.
        others: other available series, in words.
        elsewhere: areas with a rate in that year only in another series, which the map does not show.
        whole: the row of the area whose parts are shown, of the same series and year; None if there is none.
    """

    query: SeriesQuery
    key: SeriesKey
    year: int
    rows: dict[str, dict[str, Any]]
    missing: dict[str, str]
    limits: tuple[float, ...]
    others: tuple[str, ...]
    elsewhere: tuple[str, ...]
    whole: dict[str, Any] | None = None

    def class_of(self, code: str) -> int:
        """Return the class of an area, 0 for the lowest rates."""
        return int(np.searchsorted(self.limits, self.rows[code]["rate_per_100k"], side="left"))

    def is_few(self, code: str) -> bool:
        """Whether the rate of an area is based on too few events for ranking (``comparison.yml``)."""
        return bool(self.rows[code]["value"] < load_comparison_rules().fewest_events)

    @property
    def caveats(self) -> dict[str, list[str]]:
        """The areas with each caveat on their rate."""
        found: dict[str, list[str]] = {}
        for code, row in sorted(self.rows.items()):
            for caveat in filter(None, (row["caveats"] or "").split(";")):
                found.setdefault(caveat, []).append(code)
        return found

    @property
    def codes(self) -> list[str]:
        """Every area of the map, with or without a rate."""
        return sorted({*self.rows, *self.missing})


def class_limits(rates: Sequence[float]) -> tuple[float, ...]:
    """Return the upper rate of each class but the last, for classes of about equal size; equal rates stay together.

    >>> class_limits([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    (2.0, 4.0, 6.0, 8.0)
    >>> class_limits([0, 0, 0, 0, 7])
    (0.0,)
    """
    ordered = np.sort(np.asarray(rates, dtype=np.float64))
    places = [int(np.ceil(len(ordered) * share / CLASSES)) - 1 for share in range(1, CLASSES)]
    found = sorted({float(ordered[place]) for place in places if place >= 0})
    return tuple(limit for limit in found if limit < ordered[-1])


def read_map_rates(
    wanted: SeriesQuery, year: int | None = None, settings: Settings | None = None, language: str = "en"
) -> MapRates:
    """Return the rates of the areas below one, or of the countries, in one year, all of one series.

    Of several series, the one with the most areas is used, then the preferred one; each in its own last year if none is
    given, as a country that publishes before all others would be alone on its map. Countries are those ever counted by
    the source.

    Args:
        wanted: what is asked for; its area is the one whose parts are shown, None for countries.
        year: of the rates; the last one of the source if None.
        settings: where the published file is.
        language: of the reasons why areas are not comparable.

    Raises:
        UsageError: unknown area, sex or age, or no rate; says what there is.
    """
    wanted.check(settings)
    asked = {"iccs": wanted.iccs, "area": wanted.area, "sex": wanted.sex, "age": wanted.age}
    every = packaged_query("reader/map_rates", settings, wanted, **asked).records()
    keys, latest = _ranked_series(wanted, every, year)
    chosen = keys[0]
    own = [row for row in every if key_of(row) == chosen]
    found = {row["ref_area"]: row for row in own if row["year"] == latest[chosen]}
    if wanted.area is None:
        expected = {row["ref_area"] for row in own}
    else:
        below = query(
            "SELECT code FROM out.area WHERE parent = $area AND area_level <> 'not_stated'",
            settings,
            {"area": wanted.area},
        ).rows
        expected = {row[0] for row in below}
    rates = {code: row for code, row in found.items() if row["rate_per_100k"] is not None}
    unlike = unlike_most(list(rates.values()), language)
    if len(unlike) == len(rates):
        raise UsageError(
            f"no rate of {wanted.of(chosen).words} in {latest[chosen]} can be compared: "
            + "; ".join(f"{code}: {why}" for code, why in sorted(unlike.items())[:5])
        )
    rates = {code: row for code, row in rates.items() if code not in unlike}
    return MapRates(
        query=wanted.of(chosen),
        key=chosen,
        year=latest[chosen],
        rows=rates,
        missing={
            code: unlike.get(code) or (found[code]["no_rate_reason"] if code in found else NO_FIGURE)
            for code in sorted(expected - set(rates))
        },
        limits=class_limits([row["rate_per_100k"] for row in rates.values()]),
        others=tuple(key.name for key in keys[1:]),
        elsewhere=tuple(sorted({row["ref_area"] for row in every if _is_elsewhere(row, latest[chosen])} - expected)),
        whole=_read_whole(wanted, chosen, latest[chosen], settings),
    )


def _read_whole(wanted: SeriesQuery, key: SeriesKey, year: int, settings: Settings | None) -> dict[str, Any] | None:
    """Return the rate of the area whose parts are shown; None for countries, which have nothing above them."""
    if wanted.area is None:
        return None
    asked = {"iccs": wanted.iccs, "areas": [wanted.area], "sexes": [wanted.sex], "age": wanted.age}
    rows = packaged_query("reader/rates", settings, wanted, **asked).records()
    return next((row for row in rows if key_of(row) == key and row["year"] == year), None)


def _is_elsewhere(row: dict[str, Any], year: int) -> bool:
    return bool(row["year"] == year and row["rate_per_100k"] is not None)


def _ranked_series(wanted: SeriesQuery, rows: Rows, year: int | None) -> tuple[list[SeriesKey], dict[SeriesKey, int]]:
    """Return the series with rates, that with the most areas first, and the year that each has of the map."""
    rated = [row for row in rows if row["rate_per_100k"] is not None]
    areas: dict[SeriesKey, dict[int, int]] = {}
    for row in rated:
        if year in (None, row["year"]):
            years = areas.setdefault(key_of(row), {})
            years[row["year"]] = years.get(row["year"], 0) + 1
    keys = choose_series(areas, wanted)
    if not keys:
        raise UsageError(_no_rates(wanted, rows, year))
    latest = {key: max(areas[key]) for key in keys}
    return sorted(keys, key=lambda key: -areas[key][latest[key]]), latest  # stable: the preferred one first


def _no_rates(wanted: SeriesQuery, rows: Rows, year: int | None) -> str:
    """Return why there is no rate for the map, and what there is."""
    place = f"below {wanted.area}" if wanted.area else "by country"
    years = [row["year"] for row in rows if wanted.admits(key_of(row)) and row["rate_per_100k"] is not None]
    if years:
        return f"there is no rate of {wanted.iccs} {place} in {year}; there are rates from {min(years)} to {max(years)}"
    there = ", ".join(sorted({key_of(row).name for row in rows}))
    what = f"there is no rate of {wanted.iccs} {place}, sex {wanted.sex}, age {wanted.age}, to draw"
    return what + (f"; figures there are from {there}" if there else "")


def map_boundaries(found: MapRates, path: Path | None = None, name: str = "id") -> Boundaries:
    """Return the boundaries for a map: those of a file, or the bundled ones.

    Args:
        found: the rates of the map.
        path: GeoJSON or TopoJSON; the bundled boundaries if None.
        name: property of the file that contains the area codes.

    Raises:
        UsageError: none are there, or none of the file's belongs to an area of the map.
    """
    boundaries = bundled_boundaries(found.query.area) if path is None else read_boundaries(path, name)
    if not boundaries.shapes.keys() & set(found.codes):
        raise UsageError(
            f"boundaries {boundaries.origin}: no value of {name!r} is the code of an area of the map. "
            f"There: {', '.join(sorted(boundaries.shapes)[:5])}; wanted: {', '.join(found.codes[:5])}"
        )
    return boundaries
