"""``iccs trend --monthly``: a monthly series without its seasons, its turning points, and whether it rises or falls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.system.errors import EXIT_DONE, UsageError
from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.reader.series import Series, read_series
from pipelines.system.settings import load_settings
from pipelines.statistics.monotonic import Line, MonotonicTest, seasonal_mann_kendall, seasonal_sen_line
from pipelines.statistics.seasonal import FEWEST_YEARS, Decomposition, TurningPoint, decompose, turning_points
from pipelines.statistics.wording import p_value_text
from iccs.periods import period_of

_MONTHS_PRINTED = 13


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


def monthly_command(
    code: str,
    area: str,
    sex: str,
    source: str | None,
    counting_unit: str | None,
    plot: str | None,
    language: str,
    data: str | None,
    as_json: bool,
) -> int:
    """Print the last months as recorded and adjusted, the turning points and the direction; draw it where asked."""
    from iccs.classification import load_classification

    settings = load_settings(data)
    iccs = load_classification().normalise(code)
    whole = read_series(iccs, area, sex=sex, freq="M", source=source, counting_unit=counting_unit, settings=settings)
    series = _complete(whole.unbroken())
    parts, turns = decompose_series(series)
    test, line = direction_of(series)
    if plot:
        from pipelines.reader.plots.evaluation import plot_monthly

        plot_monthly(series, parts, turns, Path(plot), language=language, settings=settings)
    if as_json:
        print_json(_document(series, parts, turns, test, line, plot))
        return EXIT_DONE
    columns = [parts.values, parts.adjusted, parts.trend, parts.season]
    rows = [
        [f"{year}-{month:02d}", count, *(float(column[place]) for column in columns)]
        for place, ((year, month), count) in enumerate(zip(parts.months, series.counts, strict=True))
    ][-_MONTHS_PRINTED:]
    names = ["month", "recorded", "equal months", "adjusted", "trend", "season"]
    print_table(names, rows, title=f"{iccs} in {area}, sex {sex}, {series.name}: the last months")
    for turn in turns:
        print_line(f"{turn.kind} of the trend: {turn.month[0]}-{turn.month[1]:02d}, {turn.value:,.1f} a month")
    if not turns:
        print_line("no turning point of the trend")
    direction = "no significant trend" if test.p >= 0.05 else "increasing" if test.s > 0 else "decreasing"
    print_line(
        f"{direction}, {series.periods[0]} to {series.periods[-1]}, n = {test.n} months, "
        f"{test.method} p {p_value_text(test.p)}, "
        f"Sen slope {line.slope:+.3g} a year ({line.low:+.3g} to {line.high:+.3g})"
    )
    if len(series.periods) < len(whole.periods):
        print_line(f"of {whole.periods[0]} to {whole.periods[-1]}: after the last break and gap")
    for bridge in series.crossed:
        print_line(f"bridged in {period_of(bridge.at, 'M')} ({bridge.words}): months before are estimates (E)")
    print_line("adjusted and trend by STL; the last months change when new ones arrive: read them as provisional")
    if plot:
        print_line(f"picture: {plot}")
    return EXIT_DONE


def _complete(series: Series) -> Series:
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


def _document(
    series: Series,
    parts: Decomposition,
    turns: list[TurningPoint],
    test: MonotonicTest,
    line: Line,
    plot: str | None,
) -> dict[str, Any]:
    return {
        "series": series.name,
        "iccs": series.iccs,
        "area": series.area,
        "sex": series.sex,
        "months": [f"{year}-{month:02d}" for year, month in parts.months],
        "recorded": list(series.counts),
        "bridges": [vars(bridge) | {"at": period_of(bridge.at, "M")} for bridge in series.crossed],
        "equal_months": parts.values.tolist(),
        "adjusted": parts.adjusted.tolist(),
        "trend": parts.trend.tolist(),
        "season": parts.season.tolist(),
        "multiplicative": parts.multiplicative,
        "turning_points": [vars(turn) for turn in turns],
        "test": vars(test),
        "sen_line": vars(line),
        "plot": plot,
    }
