"""``iccs trend``: the annual series of one category in one area, or with ``--monthly`` the adjusted monthly one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, series_arguments, series_query
from pipelines.cli.printing import print_json, print_line, print_table, rates_and_limits
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.reader.selection import SeriesKey, SeriesQuery
    from pipelines.reader.series.monthly import MonthlyReport
    from pipelines.reader.series.trends import TrendReport
    from pipelines.system.settings import Settings

_MONTHS_PRINTED = 13
_YEAR_COLUMNS = {
    "year": "time_period",
    "value": "value",
    "population": "population",
    "rate": "rate_per_100k",
    "low": "ci_low",
    "high": "ci_high",
    "status": "obs_status",
}


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
        _monthly(options, settings)
        return EXIT_DONE
    if options.by and not options.plot:
        raise UsageError("--by divides a picture: also give --plot FILE")
    _annual(options, settings)
    return EXIT_DONE


def _annual(options: argparse.Namespace, settings: Settings) -> None:
    from pipelines.reader.series.earlier import read_earlier
    from pipelines.reader.series.trends import read_trends, segment_limits

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
        print_line("before the last break (not valid for today):" if earlier else "no years before a break")
        for row in earlier:
            print_line(f"  {_trend_line(row)}")
    if options.plot:
        print_line(f"picture: {options.plot}")


def _print_annual(wanted: SeriesQuery, found: TrendReport, language: str, settings: Settings) -> None:
    from pipelines.reader.plots.style import people_words
    from pipelines.reader.release import names_of
    from pipelines.reader.series.trends import segment_limits

    title, name = names_of(wanted.iccs, wanted.area or "", language, settings)
    people = people_words(wanted.sex, wanted.age, language)
    what = rates_and_limits([row for rows in found.series.values() for row in rows])
    print_line(f"{wanted.iccs} {title}: {name}{people}; {what}")
    for key, rows in found.series.items():
        _print_years(key, rows, language)
    for line in [
        *map(_trend_line, found.trends),
        *map(change_line, found.changes),
        *map(_segment_line, found.segments),
        *map(_limits_line, segment_limits(found)),
    ]:
        print_line(line)
    if wanted.age != "_T":
        print_line("directions, changes and segments are published for all ages together only")


def _print_years(key: SeriesKey, rows: list[dict[str, Any]], language: str) -> None:
    """Print one series, one line per year; notes on single years (no rate, caveats) follow the table."""
    from iccs.periods import year_spans
    from pipelines.reader.comparison import caveat_line

    print_line()
    print_table(
        list(_YEAR_COLUMNS),
        [[_whole_persons(row)[name] for name in _YEAR_COLUMNS.values()] for row in rows],
        title=key.name,
    )
    wide = [row for row in rows if row["usual_low"] is not None]
    if wide:
        low, high = (f"{wide[-1][name]:,.2f}" for name in ("usual_low", "usual_high"))
        year = wide[-1]["time_period"]
        print_line(f"limits include chance alone; with the usual variation between years, {year}: {low} to {high}")
    bounded = [
        f"{row['time_period']} {row['rate_at_least']:,.2f} to {row['rate_at_most']:,.2f}"
        for row in rows
        if row["rate_at_most"] is not None
    ]
    if bounded:
        print_line(f"rate between (if none of the unknown belong here, if all do): {'; '.join(bounded)}")
    no_rate: dict[str, list[int]] = {}
    caveats: dict[str, list[int]] = {}
    for row in rows:
        year = int(row["time_period"])
        if row["no_rate_reason"]:
            no_rate.setdefault(row["no_rate_reason"], []).append(year)
        for caveat in filter(None, (row["caveats"] or "").split(";")):
            caveats.setdefault(caveat, []).append(year)
    for reason, years in no_rate.items():
        print_line(f"no rate, {reason}: {year_spans(years)}")
    farthest = max((row["backcast_years"] or 0 for row in rows), default=0)
    for caveat, years in caveats.items():
        reach = f", up to {farthest} years back" if caveat == "population_backcast" else ""
        print_line(caveat_line(caveat, f"{year_spans(years)}{reach}", language))
    if no_rate or caveats:
        print_line()


def _whole_persons(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its population as a whole number, without the decimals of an estimate.

    >>> _whole_persons({"population": 202712.93, "value": 18})
    {'population': 202713, 'value': 18}
    """
    return row | {"population": None if row["population"] is None else round(row["population"])}


def _trend_line(record: dict[str, Any]) -> str:
    from pipelines.reader.selection import key_of
    from pipelines.statistics.wording import p_value_text, signed_text

    change = _no_percent(record) if record["change_percent"] is None else f", change {record['change_percent']:+.1f} %"
    basis = "rate per 100,000" if record["basis"] == "rate_per_100k" else "counts"
    text = (
        f"{key_of(record).name} ({basis}): {record['direction']}, "
        f"{record['first_year']}-{record['last_year']}, n = {record['n']}{change}"
    )
    if record["apc"] is not None:
        high = "no upper limit" if record["apc_high"] is None else f"{record['apc_high']:+.1f}"
        text += (
            f", {record['apc']:+.1f} % a year ({record['apc_low']:+.1f} to {high}), "
            f"p {p_value_text(record['p_value'])} (autocorrelation {record['autocorrelation']:.2f} allowed for)"
        )
        text += _sensitivity(record)
    elif record["direction"] == "too few events":
        text += f", {record['mean_events']:,.1f} a year on average"
    if record["mann_kendall_p"] is not None:
        text += (
            f", Mann-Kendall p {p_value_text(record['mann_kendall_p'])} "
            f"(variance x {record['variance_factor']:.2f} for autocorrelation), "
            f"Sen slope of the {basis} {signed_text(record['sen_slope_per_year'])} a year "
            f"({signed_text(record['sen_low'])} to {signed_text(record['sen_high'])})"
        )
    text += f"; {record['break_handling']}" + ("; estimate (E)" if record["obs_status"] == "E" else "")
    return text + (f"; caveats: {record['caveats'].replace(';', ', ')}" if record["caveats"] else "")


def _sensitivity(record: dict[str, Any]) -> str:
    """Say whether the direction holds without single years; if many are decisive, that it depends on most of them."""
    years = (record["decisive_years"] or "").split(";")
    if years == [""]:
        return ", the same without any one year"
    if len(years) > record["n"] / 2:
        return f", a different direction without any one of {len(years)} of {record['n']} years"
    text = f", a different direction without {' or '.join(years)}"
    if str(record["last_year"]) in years:
        text += f" ({record['direction_without_last_year']} without the last year)"
    return text


def change_line(record: dict[str, Any]) -> str:
    """Return a row of ``out.change`` as a line: its name and, if it was tested, its limits and p-value."""
    from pipelines.reader.selection import key_of

    direction = record["direction"]
    swing = record["usual_swing_percent"]
    if direction == "no significant change" and swing is not None:
        # This does not mean that nothing changed: years of the series this far apart usually differ as much.
        direction = f"within the usual swings of the series (-{100 * swing / (100 + swing):.0f} to +{swing:,.0f} %)"
    text = f"  {key_of(record).name}, {record['first_year']} to {record['last_year']}: {direction}"
    text += _no_percent(record)
    if record["change_percent"] is not None:
        text += f", {record['change_percent']:+,.1f} %{_tested(record, percent=True)}"
    elif record["rate_ratio"] is not None:
        text += f", ratio {record['rate_ratio']:.2f}{_tested(record, percent=False)}"
    else:
        text += _tested(record, percent=False)
    return f"{text}; {record['break_handling']}"


def _tested(record: dict[str, Any], *, percent: bool) -> str:
    """Return limits and p-value of a change, in percent or as a ratio; empty if it was not tested."""
    from pipelines.statistics.wording import p_value_text

    if record["p_value"] is None:
        return ""
    low, high = (
        None if limit is None else f"{100 * (limit - 1):+,.1f}" if percent else f"{limit:.2f}"
        for limit in (record["ratio_low"], record["ratio_high"])
    )
    limits = "" if low is None else f" ({low} to {high or 'no upper limit'})"
    if record["rate_ratio"] is None:  # no events at the start
        limits = f", ratio at least {low}" if record["ratio_low"] else ""
    return f"{limits}, p {p_value_text(record['p_value'])}"


def _no_percent(record: dict[str, Any]) -> str:
    """Say why a change is not given in percent; empty if a break already says so."""
    from schemas.comparison import load_comparison_rules

    if record["no_percent_reason"] not in ("few_events", "no_events"):
        return ""
    few = load_comparison_rules().fewest_events
    many = "a count of 0" if record["no_percent_reason"] == "no_events" else f"a count below {few}"
    return f", change not given in percent ({many} in {record['first_year']})"


def _segment_line(record: dict[str, Any]) -> str:
    from pipelines.reader.selection import key_of
    from pipelines.statistics.wording import p_value_text

    return (
        f"  {key_of(record).name}, segment {record['first_year']}-"
        f"{record['last_year']}: {record['apc']:+.1f} % a year "
        f"({record['apc_low']:+.1f} to {record['apc_high']:+.1f}), "
        f"p {p_value_text(record['p_value'])}; {record['break_handling']}"
    )


def _limits_line(record: dict[str, Any]) -> str:
    """Say how certain the joinpoints of a series and the changes between them are, by resampling."""
    from pipelines.reader.selection import key_of

    turns = ", ".join(f"{one['year']} ({one['low']} to {one['high']})" for one in record["joinpoints"])
    changes = ", ".join(f"{one['apc_low']:+.1f} to {one['apc_high']:+.1f}" for one in record["segments"])
    return (
        f"  {key_of(record).name}, joinpoint {turns}, and percent a year {changes}, on average "
        f"{record['aapc_low']:+.1f} to {record['aapc_high']:+.1f}: 95 % limits from {record['draws']:,} resampled "
        "series, which do not assume that the joinpoints are known"
    )


def _monthly(options: argparse.Namespace, settings: Settings) -> None:
    """Print the last months as recorded and adjusted, the turning points and the direction; draw them if asked to."""
    from pipelines.reader.series.monthly import read_monthly

    found = read_monthly(series_query(options, settings, freq="M"), settings)
    if options.plot:
        from pipelines.reader.plots.evaluation import plot_monthly
        from pipelines.reader.plots.style import save_picture

        save_picture(plot_monthly(found, options.lang, settings, style=options.style), Path(options.plot))
    if options.json:
        print_json(_monthly_document(found) | {"plot": options.plot})
        return
    _print_monthly(found, options.lang)
    if options.plot:
        print_line(f"picture: {options.plot}")


_BESIDE_ANNUAL = {
    "open": "the monthly or the annual direction is inconclusive: they do not contradict each other",
    "other": "the annual direction differs: it may cover other years, and allows for slower swings",
    "opposite": "the annual direction is the opposite: it covers other years, or some of the years outweigh the rest",
}


def _print_monthly(found: MonthlyReport, language: str) -> None:
    from iccs.periods import period_at
    from pipelines.reader.comparison import caveat_line
    from pipelines.statistics.wording import p_value_text, signed_text

    series, parts, test, line = found.series, found.parts, found.test, found.line
    columns = [parts.values, parts.adjusted, parts.trend, parts.season]
    rows = [
        [f"{year}-{month:02d}", count, *(float(column[place]) for column in columns)]
        for place, ((year, month), count) in enumerate(zip(parts.months, series.counts, strict=True))
    ][-_MONTHS_PRINTED:]
    names = ["month", "recorded", "equal months", "adjusted", "trend", "season"]
    print_table(names, rows, title=f"{series.title}: the last months")
    for turn in found.turns:
        print_line(f"{turn.kind} of the trend: {turn.month[0]}-{turn.month[1]:02d}, {turn.value:,.1f} a month")
    if not found.turns:
        print_line("no turning point of the trend beyond what noise explains")
    text = f"{found.direction}, {series.periods[0]} to {series.periods[-1]}, n = {test.n} months"
    if found.trend is not None and found.percent_a_year is not None:
        percent, low, high = found.percent_a_year
        what = "rate" if found.basis == "rate_per_100k" else "number"
        text += f": {what} {percent:+.1f} % a year ({low:+.1f} to {high:+.1f}), p {p_value_text(found.trend.p)}, "
        text += "autocorrelation allowed for"
    print_line(text)
    if found.annual[0]:
        print_line(f"annual series, {found.annual[0]}")
    if found.beside_annual in _BESIDE_ANNUAL:
        print_line(_BESIDE_ANNUAL[found.beside_annual])
    print_line(
        f"in addition, for the counts: {test.method} p {p_value_text(test.p)}, "
        f"Sen slope {signed_text(line.slope)} a year ({signed_text(line.low)} to {signed_text(line.high)})"
    )
    if (series.periods[0], series.periods[-1]) != (found.first_period, found.last_period):
        print_line(
            f"published {found.first_period} to {found.last_period}; used: the months after the last break and gap"
        )
    for bridge in series.crossed:
        print_line(f"bridged in {period_at(bridge.at, 'M')} ({bridge.words}): earlier months are estimates (E)")
    if series.others:
        print_line(f"other series: {', '.join(series.others)}")
    for caveat, months in series.caveat_spans.items():
        print_line(caveat_line(caveat, months, language))
    print_line("adjusted and trend by STL; the latest months are provisional and change when new months are added")


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
