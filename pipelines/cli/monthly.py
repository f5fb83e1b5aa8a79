"""``iccs trend --monthly``: the last months as recorded and adjusted, turning points and direction."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from iccs.periods import period_of
from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.reader.monthly import decompose_series, direction_of, last_complete_run
from pipelines.reader.series import Series, read_series
from pipelines.statistics.monotonic import Line, MonotonicTest
from pipelines.statistics.seasonal import Decomposition, TurningPoint
from pipelines.statistics.wording import p_value_text
from pipelines.system.errors import EXIT_DONE
from pipelines.system.settings import load_settings

_MONTHS_PRINTED = 13


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
    series = last_complete_run(whole.unbroken())
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
