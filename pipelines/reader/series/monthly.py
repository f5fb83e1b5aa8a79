"""Seasonal adjustment of a monthly series, its turning points and direction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from iccs.periods import period_at
from pipelines.publish.series.annual_series import COUNT, RATE
from pipelines.publish.series.trends import TOO_FEW_EVENTS, name_direction
from pipelines.reader.release import packaged_query
from pipelines.reader.selection import TOTAL, SeriesQuery, key_of
from pipelines.reader.series.counts import Series, person_years, read_series
from pipelines.reader.series.trends import trend_sentence
from pipelines.statistics.bridging import widest, widest_effect
from pipelines.statistics.count_trends import FEWEST_YEARS_WITH_EVENTS
from pipelines.statistics.first_year import monthly_trends
from pipelines.statistics.monotonic import Line, MonotonicTest, seasonal_mann_kendall, seasonal_sen_line
from pipelines.statistics.regression import Effect
from pipelines.statistics.seasonal import (
    FEWEST_YEARS,
    Decomposition,
    TurningPoint,
    decompose,
    turning_points_beyond_noise,
)
from pipelines.system.settings import Settings
from schemas.comparison import load_comparison_rules
from schemas.errors import UsageError

NOT_FITTED = "not tested (the model cannot be fitted)"


@dataclass(frozen=True)
class MonthlyReport:
    """A monthly series with its parts.

    Attributes:
        series: the months used: after the last unbridged break and the last gap.
        first_period: the first published month, used or not.
        last_period: the last published month.
        parts: adjusted, trend and season.
        turns: turning points of the trend.
        trend: ratio of the rate from year to year, with errors correlated from month to month; of the count without
            populations. None with fewer than 20 events a year on average or events in one or two years only, as in
            ``out.trend``, or if the model cannot be fitted.
        basis: whether it is of the rate or the count.
        annual: sentence on the annual series of the same figures, and its direction; empty if none is published.
        test: seasonal Mann-Kendall test, of the counts.
        line: seasonal Sen line of the counts, per year.
    """

    series: Series
    first_period: str
    last_period: str
    parts: Decomposition
    turns: list[TurningPoint]
    trend: Effect | None
    basis: str
    annual: tuple[str, str]
    test: MonotonicTest
    line: Line

    @property
    def percent_a_year(self) -> tuple[float, float, float] | None:
        """The trend in percent a year, with its limits."""
        if self.trend is None:
            return None
        return self.trend.percent, 100 * (self.trend.low - 1), 100 * (self.trend.high - 1)

    @property
    def direction(self) -> str:
        """The direction, with the values of ``out.trend``."""
        percent = self.percent_a_year
        if percent is None:
            return TOO_FEW_EVENTS if _has_too_few(self.series) else NOT_FITTED
        return name_direction(*percent[1:], self.basis)

    @property
    def beside_annual(self) -> str:
        """The comparison with the direction of the annual series, see :func:`compare_directions`."""
        return compare_directions(self.direction, self.annual[1])


def compare_directions(monthly: str, annual: str) -> Literal["", "same", "open", "other", "opposite"]:
    """Return how two directions of one series compare; empty if one of them is missing.

    ``same``, even if one is of the rate and one of the count; ``open`` if one of the two is inconclusive, which
    contradicts nothing; ``opposite`` if one rises and one falls; ``other`` if one is stable.

    >>> compare_directions("rising", "number rising"), compare_directions("rising", "inconclusive")
    ('same', 'open')
    >>> compare_directions("rising", "number falling"), compare_directions("falling", "too few events")
    ('opposite', '')
    """
    one, other = (text.removeprefix("number ") for text in (monthly, annual))
    if not {one, other} <= {"rising", "falling", "stable", "inconclusive"}:
        return ""
    if one == other:
        return "same"
    if "inconclusive" in (one, other):
        return "open"
    return "other" if "stable" in (one, other) else "opposite"


def _has_too_few(series: Series) -> bool:
    """Whether there are too few events for a trend: fewer than 20 a year on average, or in fewer than three years."""
    counts = [count or 0.0 for count in series.counts]
    years = {step // 12 for step, count in zip(series.steps, counts, strict=True) if count > 0}
    few = load_comparison_rules().fewest_events
    return 12 * sum(counts) / len(counts) < few or len(years) < FEWEST_YEARS_WITH_EVENTS


def read_monthly(wanted: SeriesQuery, settings: Settings | None = None, language: str = "en") -> MonthlyReport:
    """Return a monthly series, seasonally adjusted, with its turning points and direction.

    Args:
        wanted: the query.
        settings: where the published file is.
        language: of the sentence on the annual series.

    Raises:
        UsageError: no such series, or too few months without a gap.

    Example::

        read_monthly(SeriesQuery("0101", "MX")).parts.adjusted
    """
    published = read_series(replace(wanted, freq="M"), settings)
    series = last_complete_run(published.after_last_break())
    parts, turns = decompose_series(series)
    test, line = direction_of(series)
    trend, basis = trend_of(series)
    annual = annual_direction(series, settings, language)
    ends = published.periods[0], published.periods[-1]
    return MonthlyReport(series, *ends, parts, turns, trend, basis, annual, test, line)


def trend_of(series: Series) -> tuple[Effect | None, str]:
    """Return the trend of a monthly series from year to year, and whether it is of the rate or the count.

    With a bridge, it has the widest limits and the largest p of those with its factor and with the factor's own limits.
    None if there are too few events, or the model cannot be fitted.
    """
    people, counts = person_years(series), np.array(series.counts, dtype=np.float64)
    basis = COUNT if None in series.populations else RATE
    if _has_too_few(series):
        return None, basis
    made = [monthly_trends(counts, one) for one in (people if series.crossed else people[:1])]
    return (widest_effect([one.effect() for one in made]) if all(one.converged.all() for one in made) else None), basis


def annual_direction(series: Series, settings: Settings | None = None, language: str = "en") -> tuple[str, str]:
    """Return a sentence on the annual series of the same figures, and its direction; empty if none is published."""
    wanted = series.query
    if wanted.age != TOTAL or wanted.attributes:
        return "", ""
    asked = {"iccs": wanted.iccs, "area": wanted.area, "sex": wanted.sex}
    rows = packaged_query("reader/trend_summary", settings, wanted, **asked).records()
    for row in rows:
        if key_of(row) == series.key:
            return trend_sentence(row, language), row["direction"]
    return "", ""


def decompose_series(series: Series) -> tuple[Decomposition, list[TurningPoint]]:
    """Return the parts of a monthly series and the turning points of its trend, of the months after the last break.

    By STL on logarithms (the season of counts grows with their level), or on the original scale if a month has no
    event; months are brought to equal length, and those before a bridge multiplied by its factor.

    Raises:
        UsageError: a month is missing, or there are fewer than three years.
    """
    counts = _bridged(series)[0]
    months = [(step // 12, step % 12 + 1) for step in series.steps]
    try:
        parts = decompose(months, counts, multiplicative=min(counts) > 0, equal_months=True)
    except ValueError as error:
        raise UsageError(f"{series.title}: {error}") from error
    return parts, turning_points_beyond_noise(parts)


def direction_of(series: Series) -> tuple[MonotonicTest, Line]:
    """Return the seasonal Mann-Kendall test and Sen line of a monthly series, per year.

    With a bridge, the larger p and the wider limits of those with its factor and with the factor's own limits.
    """
    years = [step // 12 for step in series.steps]
    months = [step % 12 + 1 for step in series.steps]
    correlated = max(years) - min(years) >= 9
    counts = _bridged(series) if series.crossed else _bridged(series)[:1]
    tests = [seasonal_mann_kendall(years, months, column, correlated=correlated) for column in counts]
    lines = [seasonal_sen_line(years, months, column, correlated=correlated) for column in counts]
    columns = zip(
        *((line.slope, line.low, line.high, test.p) for line, test in zip(lines, tests, strict=True)), strict=True
    )
    low, high, p = (float(part) for part in widest(*columns))
    return replace(tests[0], p=p), replace(lines[0], low=low, high=high)


def _bridged(series: Series) -> list[list[float]]:
    """Return counts with the bridges' factors, their lower and their upper limits; NaN if missing."""
    return [
        [np.nan if count is None else count * times for count, times in zip(series.counts, column, strict=True)]
        for column in series.multipliers
    ]


def last_complete_run(series: Series) -> Series:
    """Return the months up to the last known one without a gap or an unbridged break.

    Raises:
        UsageError: every month is missing, or the run is too short to detect seasonality.
    """
    known = [step for step, count in zip(series.steps, series.counts, strict=True) if count is not None]
    if not known:
        raise UsageError(f"{series.title}: every month is missing")
    run = series.unbroken_run(known[-1])
    if len(run.periods) < 12 * FEWEST_YEARS:
        raise UsageError(
            f"{series.title}: {len(run.periods)} months without a gap up to "
            f"{period_at(known[-1], 'M')}; at least {12 * FEWEST_YEARS} months are needed to detect seasonality"
        )
    return run
