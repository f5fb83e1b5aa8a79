"""A monthly series without its seasons, its turning points, and whether it rises or falls."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from iccs.periods import period_of
from pipelines.reader.series import Series
from pipelines.statistics.monotonic import Line, MonotonicTest, seasonal_mann_kendall, seasonal_sen_line
from pipelines.statistics.seasonal import FEWEST_YEARS, Decomposition, TurningPoint, decompose, turning_points
from schemas.errors import UsageError


def decompose_series(series: Series) -> tuple[Decomposition, list[TurningPoint]]:
    """Return the parts of a monthly series and the turning points of its trend, of the months after the last break.

    By STL on logarithms (the season of counts grows with their level), on sums where a month has no event; months are
    brought to equal length, and those before a bridge multiplied by its factor.

    Raises:
        UsageError: a month is missing, or there are fewer than three years.
    """
    counts = _bridged(series)[0]
    months = [(step // 12, step % 12 + 1) for step in series.steps]
    try:
        parts = decompose(months, counts, multiplicative=min(counts) > 0, equal_months=True)
    except ValueError as error:
        raise UsageError(f"{series.iccs} in {series.area}, {series.name}: {error}") from error
    return parts, turning_points(parts)


def direction_of(series: Series) -> tuple[MonotonicTest, Line]:
    """Return the seasonal Mann-Kendall test and Sen line of a monthly series, per year, for seasons that differ.

    With a bridge, the larger p and the wider limits of those with its factor and with the factor's own limits.
    """
    years = [step // 12 for step in series.steps]
    months = [step % 12 + 1 for step in series.steps]
    correlated = max(years) - min(years) >= 9
    counts = _bridged(series) if series.crossed else _bridged(series)[:1]
    tests = [seasonal_mann_kendall(years, months, column, correlated=correlated) for column in counts]
    lines = [seasonal_sen_line(years, months, column, correlated=correlated) for column in counts]
    slopes = [line.slope for line in lines]
    p = 1.0 if min(slopes) < 0 < max(slopes) else max(test.p for test in tests)
    low, high = min(line.low for line in lines), max(line.high for line in lines)
    return replace(tests[0], p=p), replace(lines[0], low=low, high=high)


def _bridged(series: Series) -> list[list[float]]:
    """Counts with the bridges' factors, their lower and their upper limits; not a number where missing."""
    return [
        [np.nan if count is None else count * times for count, times in zip(series.counts, column, strict=True)]
        for column in series.multipliers
    ]


def last_complete_run(series: Series) -> Series:
    """Return the last stretch without a missing month that is long enough, the latest months first."""
    known = [step for step, count in zip(series.steps, series.counts, strict=True) if count is not None]
    if not known:
        raise UsageError(f"{series.iccs} in {series.area}, {series.name}: every month is missing")
    kept = series.around(known[-1])
    if len(kept.periods) < 12 * FEWEST_YEARS:
        raise UsageError(
            f"{series.iccs} in {series.area}, {series.name}: {len(kept.periods)} months without a gap up to "
            f"{period_of(known[-1], 'M')}; {12 * FEWEST_YEARS} at least tell a season from chance"
        )
    return kept
