"""Annual rates for display: each series by itself, converted over its bridged breaks, and one series per country."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from iccs.periods import year_spans
from pipelines.publish.series.breaks import Breaks, SeriesBreaks, series_break_at
from pipelines.reader.release import open_published, packaged_query, query
from pipelines.reader.selection import SeriesKey, SeriesQuery, choose_series, key_of, no_series_message, preference
from pipelines.reader.series.counts import series_breaks
from pipelines.system.settings import Settings
from schemas.codelists import parse_age
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pandas import DataFrame

Rows = list[dict[str, Any]]
By = Literal["sex", "age", "area"]


@dataclass(frozen=True)
class RateSeries:
    """Annual rates of one series.

    Attributes:
        key: source, stage and counting unit.
        area: code of the area.
        sex: code of the sex.
        age: code of the age.
        rows: of each year with a rate, in order: year, value, population, rate_per_100k, ci_low, ci_high, usual_low,
            usual_high, obs_status, caveats, is_stock, and ``recorded``: the published rate, if ``rate_per_100k`` was
            converted over a bridged break. The limits of the bridge's factor widen those of the rate.
        breaks: inside the years of the rows.
        bounds: years without a rate because too many are of unknown sex or age: year, rate_at_least, rate_at_most.
        gaps: why there is no rate, by year, if the release has a row without one.
    """

    key: SeriesKey
    area: str
    sex: str
    age: str
    rows: Rows
    breaks: Breaks
    bounds: Rows = field(default_factory=list)
    gaps: dict[int, str | None] = field(default_factory=dict)

    def frame(self) -> DataFrame:
        """Return the rows, and the years without a rate with their reason, as a DataFrame by year."""
        from pandas import DataFrame as NewFrame

        missing = [{"year": year, "no_rate_reason": reason} for year, reason in self.gaps.items()]
        about = {"area": self.area, "sex": self.sex, "age": self.age, **self.key._asdict()}
        rows = sorted([*self.rows, *missing], key=lambda row: row["year"])
        return NewFrame([{**about, **row} for row in rows]).set_index("year")

    @property
    def is_stock(self) -> bool:
        """Whether these are persons counted on a day, and not events."""
        return any(row.get("is_stock") for row in self.rows)

    @property
    def years(self) -> list[int]:
        """The years with a rate."""
        return [row["year"] for row in self.rows]


def read_rates(wanted: SeriesQuery, by: By | None = None, settings: Settings | None = None) -> list[RateSeries]:
    """Return the annual rates of one area: a series for each source, stage and counting unit, the preferred one first.

    Args:
        wanted: what is asked for.
        by: ``sex`` or ``age`` for the parts of the preferred series; ``area`` for the areas below the requested one,
            all of one series: the one with the most of them.
        settings: where the published file is.

    Raises:
        UsageError: unknown area, sex or age, or no rate; says what there is.
    """
    if by not in (None, *get_args(By)):
        raise UsageError(f"by is one of {', '.join(get_args(By))}, not {by!r}")
    wanted.check(settings)
    if by == "area":
        parts = "SELECT code FROM out.area WHERE parent = $area AND area_level <> 'not_stated'"
        below = query(parts, settings, {"area": wanted.area}).rows
        if not below:
            raise UsageError(f"there is no area below {wanted.area}: leave out --by area")
        return read_rates_of_areas(wanted, [row[0] for row in below], settings)
    sexes = ["M", "F"] if by == "sex" else [wanted.sex]
    age = None if by == "age" else wanted.age
    rows = _read_rows(wanted, [wanted.area or ""], sexes, age, settings)
    keys = choose_series(map(key_of, rows), wanted)
    if not keys:
        what = f"there is no rate of {wanted.words}{f' by {by}' if by else ''} to draw"
        there = {key_of(row) for row in rows}
        raise UsageError(
            no_series_message(wanted, there, settings) if there else what + _bounds_there(wanted, settings)
        )
    series = _split(wanted, rows, keys[:1] if by else keys, settings)
    if by == "age":
        series.sort(key=lambda one: (parse_age(one.age) or (0, 0))[0])
    return series


def _bounds_there(wanted: SeriesQuery, settings: Settings | None) -> str:
    """Return the bounds of a rate that is withheld because too many are of unknown sex or age, as a sentence."""
    asked = {"iccs": wanted.iccs, "areas": [wanted.area or ""]}
    rows = packaged_query("reader/rate_bounds", settings, wanted, **asked).records()
    rows = [row for row in rows if (row["sex"], row["age"]) == (wanted.sex, wanted.age)]
    if not rows:
        return ""
    last = rows[-1]
    return (
        f": the sex or age of too many persons is unknown ({year_spans(sorted({row['year'] for row in rows}))}); in "
        f"{last['year']} it lies between {last['rate_at_least']:,.2f} and {last['rate_at_most']:,.2f} (with none of "
        "the unknown, with all of them; rate_at_least and rate_at_most in out.headline_by_sex and "
        "out.headline_by_age)"
    )


def read_rates_of_areas(
    wanted: SeriesQuery, areas: Sequence[str], settings: Settings | None = None
) -> list[RateSeries]:
    """Return the annual rates of several areas, all of one source, stage and counting unit; the highest latest first.

    As areas are compared, figures of different sources, stages or counting units are never mixed. Of several series the
    one with the most areas is used, then the preferred one.

    Raises:
        UsageError: none of the areas has a rate.
    """
    rows = _read_rows(wanted, areas, [wanted.sex], wanted.age, settings)
    places: dict[SeriesKey, set[str]] = {}
    for row in rows:
        places.setdefault(key_of(row), set()).add(row["ref_area"])
    keys = sorted(choose_series(places, wanted), key=lambda key: -len(places[key]))  # stable: the preferred one first
    if not keys:
        there = "; ".join(key.name for key in sorted(places, key=preference))
        known = f"; there are: {there}" if there else ""
        raise UsageError(f"there is no rate of {wanted.iccs} in {', '.join(areas[:5])} to draw{known}")
    series = _split(wanted, rows, keys[:1], settings)
    return sorted(series, key=lambda one: -one.rows[-1]["rate_per_100k"])


def _read_rows(
    wanted: SeriesQuery, areas: Sequence[str], sexes: Sequence[str], age: str | None, settings: Settings | None
) -> Rows:
    asked = {"iccs": wanted.iccs, "areas": list(areas), "sexes": list(sexes), "age": age}
    return packaged_query("reader/rates", settings, wanted, **asked).records()


def _split(wanted: SeriesQuery, rows: Rows, keys: Sequence[SeriesKey], settings: Settings | None) -> list[RateSeries]:
    """Return the rows as series of the keys, in their order, with rates converted over bridged breaks."""
    groups: dict[tuple[SeriesKey, str, str, str], Rows] = {}
    for row in rows:
        groups.setdefault((key_of(row), row["ref_area"], row["sex"], row["age"]), []).append(row)
    with open_published(settings) as connection:
        declared = SeriesBreaks(connection)
    asked = {"iccs": wanted.iccs, "areas": sorted({row["ref_area"] for row in rows})}
    bounds: dict[tuple[SeriesKey, str, str, str], Rows] = {}
    for row in packaged_query("reader/rate_bounds", settings, wanted, **asked).records():
        bounds.setdefault((key_of(row), row["ref_area"], row["sex"], row["age"]), []).append(row)
    gaps: dict[tuple[SeriesKey, str, str, str], dict[int, str | None]] = {}
    for row in packaged_query("reader/rate_gaps", settings, wanted, **asked).records():
        gaps.setdefault((key_of(row), row["ref_area"], row["sex"], row["age"]), {})[row["year"]] = row["reason"]
    found = []
    for key in keys:
        for place, own in groups.items():
            if place[0] == key:
                one = replace(wanted.of(key), area=place[1], sex=place[2], age=place[3], freq="A")
                series = _bridged(one, key, own, declared)
                found.append(replace(series, bounds=bounds.get(place, []), gaps=gaps.get(place, {})))
    return found


def _bridged(one: SeriesQuery, key: SeriesKey, rows: Rows, declared: SeriesBreaks) -> RateSeries:
    years = [row["year"] for row in rows]
    starts = [series_break_at(str(row["year"]), row["obs_status"]) for row in rows]
    breaks = series_breaks(declared, one, starts).inside(years[0], years[-1])
    made = [
        row
        | {
            "recorded": row["rate_per_100k"],
            "rate_per_100k": row["rate_per_100k"] * factor,
            "ci_low": _limit(row, "ci_low", low, factor),
            "ci_high": _limit(row, "ci_high", high, factor),
            **({} if factor == 1 else {"usual_low": None, "usual_high": None}),  # those of the definition before
        }
        for row, factor, low, high in zip(rows, *breaks.multipliers(years), strict=True)
    ]
    return RateSeries(key, one.area or "", one.sex, one.age, made, breaks)


def _limit(row: dict[str, Any], name: str, limit: float, factor: float) -> float | None:
    """Return a limit of a bridged rate: that of chance times that of the factor, or of the factor alone."""
    if row[name] is not None:
        return float(row[name] * limit)
    return None if limit == factor else float(row["rate_per_100k"] * limit)


def country_rates(wanted: SeriesQuery, settings: Settings | None = None) -> Rows:
    """Return the annual rates of all countries, of each source and country its preferred series.

    Each row: country (name), ref_area, source, stage, counting_unit, year, rate_per_100k, ci_low, ci_high, obs_status,
    caveats.

    Example::

        country_rates(SeriesQuery("0101", stage="recorded"))
    """
    asked = {"iccs": wanted.iccs, "sex": wanted.sex, "age": wanted.age}
    rows = packaged_query("reader/country_rates", settings, wanted, **asked).records()
    keys: dict[tuple[str, str], list[SeriesKey]] = {}
    for row in rows:
        keys.setdefault((row["source"], row["ref_area"]), []).append(key_of(row))
    chosen = {place: choose_series(found, wanted)[:1] for place, found in keys.items()}
    return [row for row in rows if [key_of(row)] == chosen[row["source"], row["ref_area"]]]
