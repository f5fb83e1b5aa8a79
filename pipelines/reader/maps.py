"""Rates of one year by area, for a map; what is missing is said, and is not zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.collect.boundaries import Boundaries, bundled_boundaries, read_boundaries
from pipelines.reader.release import check_code, packaged_query, query
from pipelines.reader.series import UNITS
from pipelines.system.settings import Settings
from schemas.errors import UsageError

CLASSES = 5


NO_FIGURE = "no_figure"


"""Why an area has no rate: the source has nothing for it in that year. Other reasons are those of ``out.rate``."""


@dataclass(frozen=True)
class MapRates:
    """Rates of one category, sex, year, source and counting unit by area.

    Attributes:
        iccs: category.
        area: whose parts they are; None for countries.
        sex: of the persons.
        year: of the rates.
        source: whose figures.
        counting_unit: what is counted.
        rows: of areas with a rate, by code.
        missing: why the others have none, by code.
        limits: upper rate of each class but the last.
        others: other series that were there to choose from, in words.
    """

    iccs: str
    area: str | None
    sex: str
    year: int
    source: str
    counting_unit: str
    rows: dict[str, dict[str, Any]]
    missing: dict[str, str]
    limits: tuple[float, ...]
    others: tuple[str, ...]

    def class_of(self, code: str) -> int:
        """Return the class of an area, 0 for the lowest rates."""
        return int(np.searchsorted(self.limits, self.rows[code]["rate_per_100k"], side="left"))

    @property
    def codes(self) -> list[str]:
        """Every area of the map, with a rate or not."""
        return sorted({*self.rows, *self.missing})


def class_limits(rates: Sequence[float], classes: int = CLASSES) -> tuple[float, ...]:
    """Return the upper rate of each class but the last, with about as many areas in each class; equal rates stay one.

    >>> class_limits([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    (2.0, 4.0, 6.0, 8.0)
    >>> class_limits([0, 0, 0, 0, 7])
    (0.0,)
    """
    ordered = np.sort(np.asarray(rates, dtype=np.float64))
    places = [int(np.ceil(len(ordered) * share / classes)) - 1 for share in range(1, classes)]
    found = sorted({float(ordered[place]) for place in places if place >= 0})
    return tuple(limit for limit in found if limit < ordered[-1])


def read_map_rates(
    iccs: str,
    area: str | None = None,
    *,
    year: int | None = None,
    sex: str = "_T",
    source: str | None = None,
    counting_unit: str | None = None,
    settings: Settings | None = None,
) -> MapRates:
    """Return the rates of the areas below one, or of the countries, in one year, all of one source and counting unit.

    Of several sources and units, the one with the most areas is taken, each in its own last year where none is given: a
    country that publishes before all others would be alone on its map. Countries are those that the source ever counts.

    Args:
        iccs: category.
        area: whose parts; countries if None.
        year: of the rates; the last one of the source if None.
        sex: of the persons counted.
        source: whose figures.
        counting_unit: what is counted.
        settings: where the published file is.

    Raises:
        UsageError: unknown area or sex, or no rate; says what there is.
    """
    if area is not None:
        check_code("area", area, settings)
    check_code("sex", sex, settings)
    every = packaged_query("reader/map_rates", settings, iccs=iccs, area=area, sex=sex).records()
    place = f"below {area}" if area else "by country"
    rows = [row for row in every if source in (None, row["source"]) and counting_unit in (None, row["counting_unit"])]
    years = sorted({row["year"] for row in rows if row["rate_per_100k"] is not None})
    if not years:
        there = sorted({f"{row['source']}: {row['stage']} {row['counting_unit']}s" for row in every})
        raise UsageError(
            f"there is no rate of {iccs} {place}, sex {sex}, to draw"
            + (f"; figures there are from {', '.join(there)}" if there else "")
        )
    by_year: dict[tuple[str, str, str], dict[int, set[str]]] = {}
    for row in rows:
        if row["rate_per_100k"] is not None and year in (None, row["year"]):
            one = by_year.setdefault((row["source"], row["stage"], row["counting_unit"]), {})
            one.setdefault(row["year"], set()).add(row["ref_area"])
    series = {key: found[max(found)] for key, found in by_year.items()}
    if not series:
        raise UsageError(f"there is no rate of {iccs} {place} in {year}; there is from {years[0]} to {years[-1]}")
    ranked = sorted(series, key=lambda key: (-len(series[key]), _rank(key[2]), key))
    chosen = ranked[0]
    wanted = max(by_year[chosen])
    own = [row for row in rows if (row["source"], row["stage"], row["counting_unit"]) == chosen]
    found = {row["ref_area"]: row for row in own if row["year"] == wanted}
    if area is None:
        expected = {row["ref_area"] for row in own}
    else:
        below = query("SELECT code FROM out.area WHERE parent = $area", settings, {"area": area}).rows
        expected = {row[0] for row in below}
    rates = {code: row for code, row in found.items() if row["rate_per_100k"] is not None}
    return MapRates(
        iccs=iccs,
        area=area,
        sex=sex,
        year=wanted,
        source=chosen[0],
        counting_unit=chosen[2],
        rows=rates,
        missing={
            code: found[code]["no_rate_reason"] if code in found else NO_FIGURE
            for code in sorted(expected - set(rates))
        },
        limits=class_limits([row["rate_per_100k"] for row in rates.values()]),
        others=tuple(f"{key[0]}: {key[1]} {key[2]}s" for key in ranked[1:]),
    )


def _rank(counting_unit: str) -> int:
    return UNITS.index(counting_unit) if counting_unit in UNITS else len(UNITS)


def map_boundaries(found: MapRates, path: Path | None, name: str) -> Boundaries:
    """Return the boundaries for a map: of a file, or the bundled ones.

    Raises:
        UsageError: none are there, or none of the file's belongs to an area of the map.
    """
    boundaries = bundled_boundaries(found.area) if path is None else read_boundaries(path, name)
    if not boundaries.shapes.keys() & set(found.codes):
        raise UsageError(
            f"boundaries {boundaries.origin}: no value of {name!r} is the code of an area of the map. "
            f"There: {', '.join(sorted(boundaries.shapes)[:5])}; wanted: {', '.join(found.codes[:5])}"
        )
    return boundaries
