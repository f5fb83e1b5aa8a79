"""One series of counts, annual or monthly, with what methods need: populations, gaps, breaks."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from iccs.periods import month_spans, period_index, year_spans
from pipelines.publish.series.breaks import Breaks, Bridge, SeriesBreaks, series_break_at
from pipelines.reader.release import open_published, packaged_query
from pipelines.reader.selection import TOTAL, SeriesKey, SeriesQuery, choose_series, key_of, no_series_message
from pipelines.reader.words import figure_in, word
from pipelines.system.settings import Settings
from schemas.declarations import POPULATION_CAVEATS, is_compared, join_caveats
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Series:
    """Counts of one series by period.

    Attributes:
        query: the request, with the source, stage and counting unit used.
        key: source, stage and counting unit.
        periods: as published, in order: ``2019`` or ``2019-03``; absent ones are left out.
        counts: of each period; None if missing, or if not comparable because the figure lacks a part or includes an
            exceptional event (``schemas.declarations.is_compared``).
        published: as published, also of periods that are not comparable; None if missing.
        caveats: of each period, separated by ``;``; with those of the population of its year, if every period has one.
        populations: of the year of each period; None where unknown.
        breaks: steps at which a non-comparable run starts, declared or marked B, and the bridges over them.
        others: other series that there were to choose from, in words.
        is_stock: whether these are persons counted on a day, and not events.
    """

    query: SeriesQuery
    key: SeriesKey
    periods: tuple[str, ...]
    counts: tuple[float | None, ...]
    published: tuple[float | None, ...]
    caveats: tuple[str | None, ...]
    populations: tuple[float | None, ...]
    breaks: Breaks
    others: tuple[str, ...]
    is_stock: bool = False

    @property
    def title(self) -> str:
        """The description of the figures: category, area, sex, source, stage and counting unit."""
        return self.titled("en")

    def titled(self, language: str) -> str:
        """Return the query and its series in the words of a language."""
        return f"{self.query.in_words(language)}, {self.key.named(language)}"

    def frame(self) -> DataFrame:
        """Return counts and populations as a DataFrame by period; a missing one is NaN."""
        from pandas import DataFrame as NewFrame

        columns = {"period": self.periods, "count": self.counts, "population": self.populations}
        return NewFrame(columns).set_index("period").astype(float)

    @property
    def steps(self) -> list[int]:
        """Periods as whole steps: years, or consecutive months."""
        return [period_index(period) for period in self.periods]

    @property
    def caveat_rows(self) -> list[dict[str, Any]]:
        """The caveats of each figure with its step, for the notes of a picture."""
        every = zip(self.steps, self.published, self.caveats, strict=True)
        return [{"step": step, "caveats": caveats} for step, value, caveats in every if value is not None]

    @property
    def caveat_spans(self) -> dict[str, str]:
        """The periods that carry each caveat, as text."""
        steps: dict[str, list[int]] = {}
        for row in self.caveat_rows:
            for code in filter(None, (row["caveats"] or "").split(";")):
                steps.setdefault(code, []).append(row["step"])
        spans = month_spans if self.query.freq == "M" else year_spans
        return {code: spans(found) for code, found in sorted(steps.items())}

    @property
    def multipliers(self) -> tuple[list[float], list[float], list[float]]:
        """The multipliers of each count to the latest definition: with factors, their lower and their upper limits."""
        return self.breaks.multipliers(self.steps)

    @property
    def crossed(self) -> tuple[Bridge, ...]:
        """The bridges that the series crosses."""
        return self.breaks.inside(self.steps[0], self.steps[-1]).bridges

    def unbroken_run(self, step: int) -> Series:
        """Return the longest run around a step without a gap, a missing count or an unbridged break.

        A break at the step itself is kept, as the caller decides what it means.
        """
        value_at = {at: n for n, at in enumerate(self.steps) if self.counts[n] is not None}
        starts = set(self.breaks.cuts) - {step}
        first = last = step
        while first - 1 in value_at and first not in starts:
            first -= 1
        while last + 1 in value_at and last + 1 not in starts:
            last += 1
        return self.selected([value_at[at] for at in range(first, last + 1) if at in value_at])

    def after_last_break(self) -> Series:
        """Return the periods from the last unbridged break on."""
        starts = self.breaks.cuts
        return self.selected([n for n, at in enumerate(self.steps) if not starts or at >= max(starts)])

    def selected(self, places: Sequence[int]) -> Series:
        """Return the periods at these places."""
        return replace(
            self,
            periods=tuple(self.periods[n] for n in places),
            counts=tuple(self.counts[n] for n in places),
            published=tuple(self.published[n] for n in places),
            caveats=tuple(self.caveats[n] for n in places),
            populations=tuple(self.populations[n] for n in places),
        )


def read_series(wanted: SeriesQuery, settings: Settings | None = None) -> Series:
    """Return one series of the published file; if several match the query, the preferred one.

    Raises:
        UsageError: unknown area, sex or age, or no such series; says what there is. Also if a monthly series counts
            persons on a day.

    Example::

        read_series(SeriesQuery("0101", "MX-JAL", freq="M"))
    """
    wanted.check(settings)
    asked = {name: getattr(wanted, name) for name in ("iccs", "area", "sex", "age", "freq")}
    about_population = list(POPULATION_CAVEATS)
    rows = packaged_query(
        "reader/series_points", settings, wanted, **asked, population_caveats=about_population
    ).records()
    keys = {key_of(row) for row in rows}
    candidates = choose_series(keys, wanted, {key_of(row) for row in rows if row["value"] is not None})
    if not candidates:
        raise UsageError(no_series_message(wanted, keys, settings))
    chosen = candidates[0]
    own = [row for row in rows if key_of(row) == chosen]
    is_stock = any(row["is_stock"] for row in own)
    rated = all(row["population"] is not None for row in own)  # otherwise the counts alone are used: see person_years
    if wanted.freq == "M" and is_stock:
        raise UsageError(
            f"{chosen.name} are counted on one day of each month: the methods for months are for events, which longer "
            "months have more of. The figures are in out.observation (freq = 'M')"
        )
    starts = [series_break_at(row["time_period"], row["obs_status"]) for row in own]
    with open_published(settings) as connection:
        breaks = series_breaks(SeriesBreaks(connection), wanted.of(chosen), starts)
    return Series(
        query=wanted.of(chosen),
        key=chosen,
        periods=tuple(row["time_period"] for row in own),
        counts=tuple(row["value"] if is_compared(row["caveats"]) else None for row in own),
        published=tuple(row["value"] for row in own),
        caveats=tuple(join_caveats(row["caveats"], row["population_caveats"] if rated else None) for row in own),
        populations=tuple(row["population"] for row in own),
        breaks=breaks,
        others=tuple(key.name for key in candidates[1:]),
        is_stock=is_stock,
    )


def series_breaks(declared: SeriesBreaks, one: SeriesQuery, starts: Sequence[str | None]) -> Breaks:
    """Return the breaks of one series; a bridge applies to totals over age and attributes, so parts are cut there.

    Args:
        declared: breaks of the release.
        one: a query for one series.
        starts: periods whose cells start a non-comparable run.
    """
    key = (one.source or "", one.area or "", one.iccs, one.stage or "", one.counting_unit or "", one.sex)
    breaks = declared.of(key, starts, one.freq)
    return breaks if one.age == TOTAL and not one.attributes else Breaks(tuple(breaks.all))


def bridge_words(bridge: Bridge, language: str) -> str:
    """Return the factor of a bridge, with its limits if it has any, in a language.

    >>> bridge_words(Bridge(2014, 1.38, 1.362, 1.398), "en") == Bridge(2014, 1.38, 1.362, 1.398).words
    True
    >>> bridge_words(Bridge(2014, 2.0, 2.0, 2.0), "es")
    '× 2,000'
    """
    factor, low, high = (figure_in(f"{number:.3f}", language) for number in (bridge.factor, bridge.low, bridge.high))
    if bridge.low == bridge.high:
        return word("factor", language).format(factor=factor)
    return word("factor limits", language).format(factor=factor, low=low, high=high)


def person_years(series: Series) -> NDArray[np.float64]:
    """Return the person-years of each period: population x share of the year; 1 per year if unknown.

    Those of periods before a bridge are divided by its factor, so that the recorded counts give the rate under the
    current definition. The rows are those with the factors, with their lower limits and with their upper ones.
    """
    multipliers: NDArray[np.float64] = np.array(series.multipliers, dtype=np.float64)
    return _people(series)[np.newaxis, :] / multipliers


def _people(series: Series) -> NDArray[np.float64]:
    unknown = any(population is None for population in series.populations)
    people = [1.0 if unknown or population is None else population for population in series.populations]
    if series.query.freq == "A":
        return np.array(people, dtype=np.float64)
    days = [calendar.monthrange(at // 12, at % 12 + 1)[1] for at in series.steps]
    return np.array(people, dtype=np.float64) * np.array(days, dtype=np.float64) / 365.25
