"""``iccs trend``: the annual series of one category in one area, its direction and changes."""

from __future__ import annotations

import argparse
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, series_arguments, series_query
from pipelines.cli.printing import figure_as, print_json, print_line, print_table, rates_and_limits
from pipelines.cli.series.trend_monthly import show_months
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.selection import SeriesKey, SeriesQuery
    from pipelines.reader.series.trends import TrendReport
    from pipelines.system.settings import Settings

_YEAR_COLUMNS = {
    "column year": "time_period",
    "column value": "value",
    "column population": "population",
    "column rate": "rate_per_100k",
    "column low": "ci_low",
    "column high": "ci_high",
    "column status": "obs_status",
}
"""Columns of rows by the word of their heading."""


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "trend", "show rates of one ICCS category in one area by year", series_arguments())
    parser.add_argument("--area", required=True, help="area, by code or name: MX, MX-JAL, Jalisco")
    parser.add_argument(
        "--by", choices=("sex", "age", "area"), help="one line or panel for each in the picture (with --plot)"
    )
    parser.add_argument(
        "--monthly", action="store_true", help="show the monthly series: seasonally adjusted, trend, turning points"
    )
    parser.add_argument(
        "--earlier",
        action="store_true",
        help="also show the directions of the years before the last break of a series",
    )
    parser.set_defaults(command=trend_command)


def trend_command(options: argparse.Namespace) -> int:
    """Print the series of one category in one area, its direction and changes; draw it if asked to."""
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    if options.monthly:
        if options.by:
            raise UsageError("--by is for the picture of the annual series: leave out --by or --monthly")
        if options.earlier:
            raise UsageError("--earlier is for the annual series: leave out --earlier or --monthly")
        show_months(options, settings)
        return EXIT_DONE
    if options.by and not options.plot:
        raise UsageError("--by divides a picture: also give --plot FILE")
    _annual(options, settings)
    return EXIT_DONE


def _annual(options: argparse.Namespace, settings: Settings) -> None:
    from pipelines.reader.series.earlier import read_earlier
    from pipelines.reader.series.trends import read_trends, segment_limits
    from pipelines.reader.words import word

    wanted = series_query(options, settings)
    found = read_trends(wanted, settings)
    earlier = read_earlier(wanted, found.series, settings) if options.earlier else []
    if options.plot:
        from pipelines.reader.plots.style import save_picture
        from pipelines.reader.plots.trend import plot_trend

        save_picture(plot_trend(wanted, options.by, options.lang, settings, style=options.style), Path(options.plot))
    if options.json:
        print_json(
            {
                "series": [row for rows in found.series.values() for row in rows],
                "trend": found.trends,
                "changes": found.changes,
                "segments": found.segments,
                "segment_limits": segment_limits(found),
                "plot": options.plot,
                **({"earlier": earlier} if options.earlier else {}),
            }
        )
        return
    _print_annual(wanted, found, options.lang, settings)
    if options.earlier:
        print_line(word("before last break" if earlier else "no years before", options.lang))
        for row in earlier:
            print_line(f"  {_trend_line(row, options.lang)}")
    if options.plot:
        print_line(word("picture", options.lang).format(path=options.plot))


def _print_annual(wanted: SeriesQuery, found: TrendReport, language: str, settings: Settings) -> None:
    from pipelines.reader.plots.style import people_words
    from pipelines.reader.release import names_of
    from pipelines.reader.series.trends import segment_limits
    from pipelines.reader.words import colon, word

    title, name = names_of(wanted.iccs, wanted.area or "", language, settings)
    people = people_words(wanted.sex, wanted.age, language)
    what = f"{wanted.iccs} {title}{colon(language)}{name}{people}"
    figures = rates_and_limits([row for rows in found.series.values() for row in rows], language)
    print_line(word("table title", language).format(what=what, figures=figures))
    for key, rows in found.series.items():
        _print_years(key, rows, language)
    for line in [
        *(_trend_line(row, language) for row in found.trends),
        *(change_line(row, language) for row in found.changes),
        *(_segment_line(row, language) for row in found.segments),
        *(_limits_line(row, language) for row in segment_limits(found)),
    ]:
        print_line(line)
    if wanted.age != "_T":
        print_line(word("all ages only", language))


def _print_years(key: SeriesKey, rows: list[dict[str, Any]], language: str) -> None:
    """Print one series, one line per year; notes on single years (no rate, caveats) follow the table."""
    from pipelines.reader.words import word

    print_line()
    print_table(
        [word(heading, language) for heading in _YEAR_COLUMNS],
        [[_whole_persons(row)[name] for name in _YEAR_COLUMNS.values()] for row in rows],
        title=key.named(language),
        language=language,
    )
    wide = [row for row in rows if row["usual_low"] is not None]
    if wide:
        low, high = (figure_as(wide[-1][name], ",.2f", language) for name in ("usual_low", "usual_high"))
        print_line(word("limits usual", language).format(year=wide[-1]["time_period"], low=low, high=high))
    bounded = [
        word("year low high", language).format(
            year=row["time_period"],
            low=figure_as(row["rate_at_least"], ",.2f", language),
            high=figure_as(row["rate_at_most"], ",.2f", language),
        )
        for row in rows
        if row["rate_at_most"] is not None
    ]
    if bounded:
        print_line(word("rate bounds", language).format(years="; ".join(bounded)))
    notes = _notes_on_years(rows, language)
    for note in notes:
        print_line(note)
    if notes:
        print_line()


def _notes_on_years(rows: list[dict[str, Any]], language: str) -> list[str]:
    """Return a line for each reason for which years have no rate, and for each caveat."""
    from iccs.periods import year_spans
    from pipelines.reader.comparison import caveat_line, labelled
    from pipelines.reader.words import counted, word

    no_rate: dict[str, list[int]] = {}
    caveats: dict[str, list[int]] = {}
    for row in rows:
        year = int(row["time_period"])
        if row["no_rate_reason"]:
            no_rate.setdefault(row["no_rate_reason"], []).append(year)
        for caveat in filter(None, (row["caveats"] or "").split(";")):
            caveats.setdefault(caveat, []).append(year)
    notes = [
        word("no rate of years", language).format(
            reason=labelled("no_rate_reason", reason, language), years=year_spans(years)
        )
        for reason, years in no_rate.items()
    ]
    farthest = max((row["backcast_years"] or 0 for row in rows), default=0)
    for caveat, years in caveats.items():
        spans = year_spans(years)
        if caveat == "population_backcast":
            spans = counted("years back", farthest, language).format(years=spans, n=farthest)
        notes.append(caveat_line(caveat, spans, language))
    return notes


def _whole_persons(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its population as a whole number, without the decimals of an estimate.

    >>> _whole_persons({"population": 202712.93, "value": 18})
    {'population': 202713, 'value': 18}
    """
    return row | {"population": None if row["population"] is None else round(row["population"])}


def _trend_line(record: dict[str, Any], language: str) -> str:
    from pipelines.reader.selection import key_of
    from pipelines.reader.series.trends import direction_words, handling_words
    from pipelines.reader.words import semicolon, word

    basis = "rate" if record["basis"] == "rate_per_100k" else "counts"
    head = word("trend of", language).format(
        series=key_of(record).named(language),
        basis=word(f"basis {basis}", language),
        direction=direction_words(record["direction"], language),
        first=record["first_year"],
        last=record["last_year"],
        n=record["n"],
    )
    if record["change_percent"] is None:
        change = _no_percent(record, language)
    else:
        change = word("change percent", language).format(percent=figure_as(record["change_percent"], "+.1f", language))
    parts = [head, change]
    if record["apc"] is not None:
        parts += [_annual_change(record, language), _sensitivity(record, language)]
    elif record["direction"] == "too few events":
        parts.append(word("mean events", language).format(n=figure_as(record["mean_events"], ",.1f", language)))
    if record["mann_kendall_p"] is not None:
        parts.append(_monotonic(record, basis, language))
    clauses = [", ".join(filter(None, parts)), handling_words(record["break_handling"], language)]
    clauses += [word("estimate", language)] if record["obs_status"] == "E" else []
    if record["caveats"]:
        clauses.append(word("carries", language).format(codes=record["caveats"].replace(";", ", ")))
    return semicolon(language).join(clauses)


def _annual_change(record: dict[str, Any], language: str) -> str:
    from pipelines.reader.words import figure_in, word
    from pipelines.statistics.wording import p_value_text

    high = record["apc_high"]
    return word("annual change", language).format(
        percent=figure_as(record["apc"], "+.1f", language),
        low=figure_as(record["apc_low"], "+.1f", language),
        high=word("no upper limit", language) if high is None else figure_as(high, "+.1f", language),
        p=figure_in(p_value_text(record["p_value"]), language),
        r=figure_as(record["autocorrelation"], ".2f", language),
    )


def _monotonic(record: dict[str, Any], basis: str, language: str) -> str:
    from pipelines.reader.words import figure_in, word
    from pipelines.statistics.wording import p_value_text, signed_text

    slope, low, high = (
        figure_in(signed_text(record[name]), language) for name in ("sen_slope_per_year", "sen_low", "sen_high")
    )
    return word(f"mann-kendall {basis}", language).format(
        p=figure_in(p_value_text(record["mann_kendall_p"]), language),
        factor=figure_as(record["variance_factor"], ".2f", language),
        slope=slope,
        low=low,
        high=high,
    )


def _sensitivity(record: dict[str, Any], language: str) -> str:
    """Say whether the direction holds without single years; if many are decisive, that it depends on most of them."""
    from pipelines.reader.series.trends import direction_words
    from pipelines.reader.words import word

    years = (record["decisive_years"] or "").split(";")
    if years == [""]:
        return word("same without any", language)
    if len(years) > record["n"] / 2:
        return word("other without one of", language).format(n=len(years), years=record["n"])
    listed = reduce(lambda one, other: word("one or other", language).format(one=one, other=other), years)
    if str(record["last_year"]) in years:
        alone = direction_words(record["direction_without_last_year"], language)
        return word("other without the last", language).format(years=listed, direction=alone)
    return word("other without", language).format(years=listed)


def change_line(record: dict[str, Any], language: str = "en") -> str:
    """Return a row of ``out.change`` as a line: its name and, if it was tested, its limits and p-value."""
    from pipelines.reader.selection import key_of
    from pipelines.reader.series.trends import handling_words
    from pipelines.reader.words import WORDS, figure_in, semicolon, word
    from pipelines.statistics.wording import p_value_text

    direction = record["direction"]
    swing = record["usual_swing_percent"]
    if direction == "no significant change" and swing is not None:
        # This does not mean that nothing changed: years of the series this far apart usually differ as much.
        low, high = (
            figure_as(one, form, language) for one, form in ((100 * swing / (100 + swing), ".0f"), (swing, ",.0f"))
        )
        direction = word("usual swings", language).format(low=f"-{low}", high=f"+{high}")
    elif f"change {direction}" in WORDS:
        direction = word(f"change {direction}", language)
    head = word("change of", language).format(
        series=key_of(record).named(language),
        first=record["first_year"],
        last=record["last_year"],
        direction=direction,
    )
    p = None if record["p_value"] is None else f"p {figure_in(p_value_text(record['p_value']), language)}"
    line = ", ".join(filter(None, (head, _no_percent(record, language), _size(record, language), p)))
    return f"  {line}{semicolon(language)}{handling_words(record['break_handling'], language)}"


def _size(record: dict[str, Any], language: str) -> str:
    """Return how large a change is, in percent or as a ratio, with its limits if it was tested."""
    from pipelines.reader.words import word

    in_percent = record["change_percent"] is not None
    low, high = (
        None
        if limit is None or record["p_value"] is None
        else figure_as(100 * (limit - 1), "+,.1f", language)
        if in_percent
        else figure_as(limit, ".2f", language)
        for limit in (record["ratio_low"], record["ratio_high"])
    )
    if record["change_percent"] is None and record["rate_ratio"] is None:  # no events at the start
        return word("ratio at least", language).format(low=low) if low and record["ratio_low"] else ""
    high = high or word("no upper limit", language)
    if in_percent:
        percent = figure_as(record["change_percent"], "+,.1f", language)
        return (
            f"{percent} %"
            if low is None
            else word("percent limits", language).format(percent=percent, low=low, high=high)
        )
    ratio = figure_as(record["rate_ratio"], ".2f", language)
    key = "ratio" if low is None else "ratio limits"
    return word(key, language).format(ratio=ratio, low=low, high=high)


def _no_percent(record: dict[str, Any], language: str) -> str:
    """Say why a change is not given in percent; empty if a break already says so."""
    from pipelines.reader.words import word
    from schemas.comparison import load_comparison_rules

    if record["no_percent_reason"] not in ("few_events", "no_events"):
        return ""
    key = "no percent none" if record["no_percent_reason"] == "no_events" else "no percent few"
    return word(key, language).format(n=load_comparison_rules().fewest_events, year=record["first_year"])


def _segment_line(record: dict[str, Any], language: str) -> str:
    from pipelines.reader.selection import key_of
    from pipelines.reader.series.trends import handling_words
    from pipelines.reader.words import figure_in, semicolon, word
    from pipelines.statistics.wording import p_value_text

    percent, low, high = (figure_as(record[name], "+.1f", language) for name in ("apc", "apc_low", "apc_high"))
    line = word("segment of", language).format(
        series=key_of(record).named(language),
        first=record["first_year"],
        last=record["last_year"],
        percent=percent,
        low=low,
        high=high,
        p=figure_in(p_value_text(record["p_value"]), language),
    )
    return f"  {line}{semicolon(language)}{handling_words(record['break_handling'], language)}"


def _limits_line(record: dict[str, Any], language: str) -> str:
    """Say how certain the joinpoints of a series and the changes between them are, by resampling."""
    from pipelines.reader.selection import key_of
    from pipelines.reader.words import word

    def limits(one: dict[str, Any], name: str) -> dict[str, str]:
        return {at: figure_as(one[f"{name}_{at}"], "+.1f", language) for at in ("low", "high")}

    line = word("joinpoints of", language).format(
        series=key_of(record).named(language),
        turns=", ".join(word("joinpoint", language).format(**one) for one in record["joinpoints"]),
        changes=", ".join(word("low high", language).format(**limits(one, "apc")) for one in record["segments"]),
        n=figure_as(record["draws"], ",", language),
        **limits(record, "aapc"),
    )
    return f"  {line}"
