"""Rates of small areas: as recorded, shrunk towards the common or the neighbours' rate, and in a funnel plot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from pipelines.collect.boundaries import Boundaries, bundled_boundaries
from pipelines.reader.maps import NO_FIGURE, MapRates, class_limits
from pipelines.reader.neighbours import neighbour_pairs
from pipelines.reader.release import packaged_query
from pipelines.reader.selection import TOTAL, SeriesKey, SeriesQuery, choose_series, key_of
from pipelines.statistics.small_areas.bym import fit_bym
from pipelines.statistics.surveillance.funnel import between_areas, funnel_limits
from pipelines.system.settings import Settings
from schemas.errors import UsageError

Level = Literal["admin1", "admin2"]
Method = Literal["marshall", "bym"]
INNER, OUTER = 0.95, 0.998
MOST_ALONE = 0.5
"""Largest share of areas without a neighbour; with more, the outlines do not form one map."""


@dataclass(frozen=True)
class Neighbourhood:
    """The basis of rates smoothed with neighbours.

    Attributes:
        origin: of the outlines.
        pairs: number of pairs of neighbours.
        alone: areas without a neighbour, which are smoothed towards the common rate only.
        sigma: standard deviation of log rates between areas: posterior mean and standard deviation.
        phi: share of that variance that neighbours have in common, likewise.
    """

    origin: str
    pairs: int
    alone: tuple[str, ...]
    sigma: tuple[float, float]
    phi: tuple[float, float]


@dataclass(frozen=True)
class SmallAreas:
    """Rates of the areas of one country, level and year.

    Attributes:
        query: what was asked for, with the series that was taken; its area is the country.
        key: source, stage and counting unit.
        level: admin1 or admin2.
        year: of the rates.
        rows: of ``out.smoothed_rate``, with their place, above, below or inside the outer limits: ``funnel`` with the
            spread between areas, ``chance`` of chance alone; the highest smoothed rate first. With neighbours also
            ``bym_rate``, ``bym_low``, ``bym_high`` and ``bym_above``, the probability that it is above the common rate.
        spread: between the areas beyond chance, relative to the common rate; 0 if chance explains all.
        others: other available series, in words.
        neighbourhood: of rates smoothed with neighbours; None if the smoothed rates are Marshall's.
    """

    query: SeriesQuery
    key: SeriesKey
    level: Level
    year: int
    rows: list[dict[str, Any]]
    spread: float
    others: tuple[str, ...]
    neighbourhood: Neighbourhood | None = None

    @property
    def method(self) -> Method:
        """Which smoothed rates are shown."""
        return "marshall" if self.neighbourhood is None else "bym"

    @property
    def smoothed(self) -> tuple[str, str, str]:
        """The columns with the smoothed rate shown, and its 95 % limits."""
        if self.method == "marshall":
            return "smoothed_rate", "smoothed_low", "smoothed_high"
        return "bym_rate", "bym_low", "bym_high"

    @property
    def common(self) -> float:
        """The rate of all areas together, per 100,000."""
        return float(self.rows[0]["common_rate"])

    @property
    def outside(self) -> list[str]:
        """Areas outside the outer limits, allowing for the spread between areas."""
        return [row["ref_area"] for row in self.rows if row["funnel"] != "inside"]

    @property
    def beyond_chance(self) -> list[str]:
        """Areas outside the outer limits of chance alone."""
        return [row["ref_area"] for row in self.rows if row["chance"] != "inside"]

    @property
    def unsure(self) -> frozenset[str]:
        """Areas whose 95 % limits include the common rate, so that they may be on either side of it."""
        _, low, high = self.smoothed
        return frozenset(row["ref_area"] for row in self.rows if row[low] <= self.common <= row[high])

    def as_map(self, expected: set[str]) -> MapRates:
        """Return the smoothed rates as those of a map.

        Args:
            expected: areas of the map; those without a smoothed rate are hatched.
        """
        rows = {row["ref_area"]: row | {"rate_per_100k": row[self.smoothed[0]]} for row in self.rows}
        return MapRates(
            query=self.query,
            key=self.key,
            year=self.year,
            rows=rows,
            missing={code: NO_FIGURE for code in sorted(expected - set(rows))},
            limits=class_limits([row["rate_per_100k"] for row in rows.values()]),
            others=self.others,
            elsewhere=(),
        )


def read_small_areas(
    wanted: SeriesQuery,
    year: int | None = None,
    level: Level = "admin1",
    settings: Settings | None = None,
    *,
    method: Method = "marshall",
    boundaries: Boundaries | None = None,
) -> SmallAreas:
    """Return the rates of the areas of a country, of one series and one composition.

    Args:
        wanted: what is asked for; its area is the country.
        year: of the rates; the last one of the series if None.
        level: admin1 (provinces) or admin2 (municipalities).
        settings: where the published file is.
        method: ``marshall`` shrinks rates towards the common one (as in ``out.smoothed_rate``), ``bym`` towards those
            of neighbours too (:func:`pipelines.statistics.small_areas.bym.fit_bym`).
        boundaries: outlines that determine the neighbours; those bundled or of the project if None.

    Raises:
        UsageError: no country, an age or attribute, fewer than ten areas that can be compared; for ``bym``, no
            outlines, or outlines without common borders.

    Example::

        read_small_areas(SeriesQuery("0101", "MX")).outside
    """
    if wanted.area is None:
        raise UsageError("give the country with --area, such as --area MX")
    if wanted.age != TOTAL or wanted.attributes:
        raise UsageError(
            "rates of small areas are available only for all ages and attributes together: leave out --age"
        )
    wanted.check(settings)
    found = _marshall(wanted, wanted.area, year, level, settings)
    if method == "bym":
        found = _with_neighbours(found, boundaries or _outlines(wanted.area))
    rate = found.smoothed[0]
    return replace(found, rows=sorted(found.rows, key=lambda row: (-row[rate], row["ref_area"])))


def _marshall(
    wanted: SeriesQuery, country: str, year: int | None, level: Level, settings: Settings | None
) -> SmallAreas:
    """Return the published rates, each with its position in the funnel."""
    asked = {"iccs": wanted.iccs, "area": country, "sex": wanted.sex, "level": level}
    rows = packaged_query("reader/smoothed_rates", settings, None, **asked).records()
    keys = choose_series({key_of(row) for row in rows}, wanted)
    if not keys:
        raise UsageError(
            f"{country} has no ten areas at level {level} with a rate of {wanted.iccs} that can be compared"
        )
    own = [row for row in rows if key_of(row) == keys[0]]
    years = sorted({row["year"] for row in own})
    chosen = years[-1] if year is None else year
    own = [row for row in own if row["year"] == chosen]
    if not own:
        raise UsageError(f"no such rates in {chosen}; there are rates from {years[0]} to {years[-1]}")
    most = max((row["areas_together"], row["iccs_made_from"] or "") for row in own)[1]
    own = [row for row in own if (row["iccs_made_from"] or "") == most]
    expected = np.array([row["population"] for row in own]) * own[0]["common_rate"] / 100_000
    spread = between_areas([row["value"] for row in own], expected)
    for name, width in (("chance", 0.0), ("funnel", spread)):
        low, high = funnel_limits(expected, OUTER, width)
        for row, least, largest in zip(own, low, high, strict=True):
            row[name] = "above" if row["value"] > largest else "below" if row["value"] < least else "inside"
    return SmallAreas(
        query=wanted.of(keys[0]),
        key=keys[0],
        level=level,
        year=chosen,
        rows=own,
        spread=spread,
        others=tuple(key.name for key in keys[1:]),
    )


def _outlines(area: str) -> Boundaries:
    try:
        return bundled_boundaries(area)
    except UsageError as error:
        raise UsageError(f"{error}; or use --method marshall, which needs no neighbours") from error


def _with_neighbours(found: SmallAreas, boundaries: Boundaries) -> SmallAreas:
    """Add the rates smoothed with neighbours."""
    codes = [row["ref_area"] for row in found.rows]
    pairs = neighbour_pairs(boundaries, codes)
    alone = sorted(set(codes) - {code for pair in pairs for code in pair})
    if len(alone) > MOST_ALONE * len(codes):
        raise UsageError(
            f"boundaries {boundaries.origin}: {len(alone)} of {len(codes)} areas share no border with another "
            f"({', '.join(alone[:5])}); the outlines must be those of these areas, simplified together, so that "
            "neighbours share the points of their border; or use --method marshall, which needs no neighbours"
        )
    place = {code: number for number, code in enumerate(codes)}
    fitted = fit_bym(
        [row["value"] for row in found.rows],
        [row["population"] / 100_000 for row in found.rows],
        [(place[one], place[other]) for one, other in pairs],
        found.common,
    )
    rows = [
        row | {"bym_rate": float(rate), "bym_low": float(low), "bym_high": float(high), "bym_above": float(above)}
        for row, rate, low, high, above in zip(
            found.rows, fitted.rate, fitted.low, fitted.high, fitted.above, strict=True
        )
    ]
    around = Neighbourhood(boundaries.origin, len(pairs), tuple(alone), fitted.sigma, fitted.phi)
    return replace(found, rows=rows, neighbourhood=around)
