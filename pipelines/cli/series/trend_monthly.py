"""``iccs trend --monthly``: the monthly series of one category in one area, seasonally adjusted."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import series_query
from pipelines.cli.printing import figure_as, print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.reader.series.monthly import MonthlyReport
    from pipelines.system.settings import Settings

_MONTHS_PRINTED = 13


def show_months(options: argparse.Namespace, settings: Settings) -> None:
    """Print the last months as recorded and adjusted, the turning points and the direction; draw them if asked to."""
    from pipelines.reader.series.monthly import read_monthly
    from pipelines.reader.words import word

    found = read_monthly(series_query(options, settings, freq="M"), settings, options.lang)
    if options.plot:
        from pipelines.reader.plots.evaluation import plot_monthly
        from pipelines.reader.plots.style import save_picture

        save_picture(plot_monthly(found, options.lang, settings, style=options.style), Path(options.plot))
    if options.json:
        print_json(_monthly_document(found) | {"plot": options.plot})
        return
    _print_monthly(found, options.lang)
    if options.plot:
        print_line(word("picture", options.lang).format(path=options.plot))


def _print_monthly(found: MonthlyReport, language: str) -> None:
    from iccs.periods import period_at
    from pipelines.reader.comparison import caveat_line
    from pipelines.reader.selection import SeriesKey
    from pipelines.reader.series.counts import bridge_words
    from pipelines.reader.words import WORDS, word

    series = found.series
    _print_months(found, language)
    for turn in found.turns:
        month, value = f"{turn.month[0]}-{turn.month[1]:02d}", figure_as(turn.value, ",.1f", language)
        print_line(word(f"turn {turn.kind}", language).format(month=month, value=value))
    if not found.turns:
        print_line(word("no turn", language))
    print_line(_course_of_months(found, language))
    if found.annual[0]:
        print_line(word("annual series", language).format(sentence=found.annual[0]))
    if f"annual {found.beside_annual}" in WORDS:
        print_line(word(f"annual {found.beside_annual}", language))
    print_line(_test_of_months(found, language))
    if (series.periods[0], series.periods[-1]) != (found.first_period, found.last_period):
        print_line(word("months used", language).format(first=found.first_period, last=found.last_period))
    for bridge in series.crossed:
        month, factor = period_at(bridge.at, "M"), bridge_words(bridge, language)
        print_line(word("earlier bridged", language).format(month=month, factor=factor))
    if series.others:
        names = ", ".join(SeriesKey.of_name(name).named(language) for name in series.others)
        print_line(word("other series", language).format(names=names))
    for caveat, months in series.caveat_spans.items():
        print_line(caveat_line(caveat, months, language))
    print_line(word("stl lines", language))


def _print_months(found: MonthlyReport, language: str) -> None:
    from pipelines.reader.words import word

    series, parts = found.series, found.parts
    columns = [parts.values, parts.adjusted, parts.trend, parts.season]
    rows = [
        [f"{year}-{month:02d}", count, *(float(column[place]) for column in columns)]
        for place, ((year, month), count) in enumerate(zip(parts.months, series.counts, strict=True))
    ][-_MONTHS_PRINTED:]
    headings = [f"column {name}" for name in ("month", "recorded", "equal months", "adjusted")]
    names = [word(heading, language) for heading in (*headings, "trend", "column season")]
    title = word("last months", language).format(series=series.titled(language))
    print_table(names, rows, title=title, language=language)


def _course_of_months(found: MonthlyReport, language: str) -> str:
    """Return the direction of a monthly series, with its size in percent a year if it was tested."""
    from pipelines.reader.series.trends import direction_words
    from pipelines.reader.words import figure_in, word
    from pipelines.statistics.wording import p_value_text

    said = {
        "direction": direction_words(found.direction, language),
        "first": found.series.periods[0],
        "last": found.series.periods[-1],
        "n": str(found.test.n),
    }
    if found.trend is None or found.percent_a_year is None:
        return word("months alone", language).format(**said)
    percent, low, high = (figure_as(number, "+.1f", language) for number in found.percent_a_year)
    key = "months rate" if found.basis == "rate_per_100k" else "months number"
    p = figure_in(p_value_text(found.trend.p), language)
    return word(key, language).format(percent=percent, low=low, high=high, p=p, **said)


def _test_of_months(found: MonthlyReport, language: str) -> str:
    from pipelines.reader.words import figure_in, word
    from pipelines.statistics.wording import p_value_text, signed_text

    slope, low, high = (
        figure_in(signed_text(number), language) for number in (found.line.slope, found.line.low, found.line.high)
    )
    key = "correlated seasonal test" if found.test.method.endswith("correlated seasons") else "seasonal test"
    p = figure_in(p_value_text(found.test.p), language)
    return word(key, language).format(p=p, slope=slope, low=low, high=high)


def _monthly_document(found: MonthlyReport) -> dict[str, Any]:
    from iccs.periods import period_at

    series, parts = found.series, found.parts
    return {
        "series": series.key.name,
        **series.query.as_document(),
        "months": [f"{year}-{month:02d}" for year, month in parts.months],
        "recorded": list(series.counts),
        "bridges": [vars(bridge) | {"at": period_at(bridge.at, "M")} for bridge in series.crossed],
        "equal_months": parts.values.tolist(),
        "adjusted": parts.adjusted.tolist(),
        "trend": parts.trend.tolist(),
        "season": parts.season.tolist(),
        "caveats": list(series.caveats),
        "multiplicative": parts.multiplicative,
        "turning_points": [vars(turn) for turn in found.turns],
        "direction": found.direction,
        "trend_percent_a_year": dict(zip(("value", "low", "high"), found.percent_a_year or (None,) * 3, strict=True)),
        "trend_p": None if found.trend is None else found.trend.p,
        "basis": found.basis,
        "annual_direction": found.annual[1] or None,
        "beside_annual": found.beside_annual or None,
        "test": vars(found.test),
        "sen_line": vars(found.line),
    }
