"""``iccs trend``: the annual series of one category in one area."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.reader.release import check_code, packaged_query, query
from pipelines.reader.series import what_there_is
from pipelines.statistics.wording import p_value_text
from pipelines.system.errors import EXIT_DONE
from pipelines.system.settings import load_settings
from schemas.errors import UsageError


def trend_command(
    code: str,
    area: str,
    sex: str,
    by: str | None,
    source: str | None,
    counting_unit: str | None,
    plot: str | None,
    language: str,
    data: str | None,
    as_json: bool,
) -> int:
    """Print the annual series of one category in one area, its direction and changes; draw it where asked."""
    from iccs.classification import load_classification

    if by and not plot:
        raise UsageError("--by says how a picture is divided: give --plot FILE too")
    settings = load_settings(data)
    iccs = load_classification().normalise(code)
    check_code("area", area, settings)
    check_code("sex", sex, settings)

    found = {
        name: packaged_query(name, settings, iccs=iccs, area=area, sex=sex).records()
        for name in ("trend_series", "trend_summary", "change_summary", "segment_summary")
    }
    series, summary, changes, segments = (
        [
            record
            for record in records
            if source in (None, record["source"]) and counting_unit in (None, record["counting_unit"])
        ]
        for records in found.values()
    )
    if not series:
        keys = sorted({_series_key(row) for row in found["trend_series"]})
        raise UsageError(what_there_is(iccs, area, sex, "A", source, counting_unit, keys, settings))
    if plot:
        from pipelines.reader.plots.trend import plot_trend

        chosen = {"source": source, "counting_unit": counting_unit}
        plot_trend(iccs, area, Path(plot), sex=sex, by=by, language=language, settings=settings, **chosen)
    if as_json:
        print_json(
            {
                "series": series,
                "trend": summary,
                "changes": changes,
                "segments": segments,
                "plot": plot,
            }
        )
        return EXIT_DONE
    names = query(
        f"SELECT coalesce(title_{language}, title_en), coalesce(name_{language}, name_en) "
        "FROM out.iccs JOIN out.area ON area.code = $area WHERE iccs.code = $iccs",
        settings,
        {"area": area, "iccs": iccs},
    ).rows[0]
    print_line(f"{iccs} {names[0]}: {names[1]}, sex {sex}; rates per 100,000 with 95 % limits")
    for key in dict.fromkeys(map(_series_key, series)):
        _print_years([row for row in series if _series_key(row) == key])
    for line in [*map(_trend_line, summary), *map(_change_line, changes), *map(_segment_line, segments)]:
        print_line(line)
    if plot:
        print_line(f"picture: {plot}")
    return EXIT_DONE


def _series_key(record: dict[str, Any]) -> tuple[str, str, str]:
    return record["source"], record["stage"], record["counting_unit"]


def _print_years(series: list[dict[str, Any]]) -> None:
    """Print one series, a year a line; what is said of single years (no rate, caveats) stands below."""
    first = series[0]
    columns = {
        "year": "time_period",
        "value": "value",
        "population": "population",
        "rate": "rate_per_100k",
        "low": "ci_low",
        "high": "ci_high",
        "status": "obs_status",
    }
    print_line()
    print_table(
        list(columns),
        [[row[name] for name in columns.values()] for row in series],
        title=f"{first['source']}: {first['stage']} {first['counting_unit']}s",
    )
    notes: dict[str, list[int]] = {}
    for row in series:
        reasons = [f"no rate, {row['no_rate_reason']}"] if row["no_rate_reason"] else []
        for note in reasons + [f"caveat {name}" for name in (row["caveats"] or "").split(";") if name]:
            notes.setdefault(note, []).append(int(row["time_period"]))
    for note, years in notes.items():
        print_line(f"{note}: {_spans(years)}")
    if notes:
        print_line()


def _spans(years: list[int]) -> str:
    """Return years as spans.

    >>> _spans([2009, 2010, 2011, 2014])
    '2009-2011, 2014'
    """
    spans: list[list[int]] = []
    for year in years:
        if spans and year == spans[-1][1] + 1:
            spans[-1][1] = year
        else:
            spans.append([year, year])
    return ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in spans)


def _trend_line(record: dict[str, Any]) -> str:
    change = "" if record["change_percent"] is None else f", change {record['change_percent']:+.1f} %"
    basis = "rate per 100,000" if record["basis"] == "rate_per_100k" else "counts"
    text = (
        f"{record['source']} ({record['stage']} {record['counting_unit']}s, {basis}): {record['direction']}, "
        f"{record['first_year']}-{record['last_year']}, n = {record['n']}{change}"
    )
    if record["mann_kendall_p"] is not None:
        text += (
            f", Mann-Kendall p {p_value_text(record['mann_kendall_p'])} "
            f"(variance x {record['variance_factor']:.2f} for autocorrelation), "
            f"Sen slope of the {basis} {record['sen_slope_per_year']:+.3g} a year "
            f"({record['sen_low']:+.3g} to {record['sen_high']:+.3g})"
        )
    text += f"; {record['break_handling']}" + ("; estimate (E)" if record["obs_status"] == "E" else "")
    return text + (f"; caveats: {record['caveats'].replace(';', ', ')}" if record["caveats"] else "")


def _change_line(record: dict[str, Any]) -> str:
    text = (
        f"  {record['source']} {record['counting_unit']}s, {record['first_year']} to {record['last_year']}: "
        f"{record['direction']}"
    )
    if record["change_percent"] is not None:
        high = "no upper limit" if record["ratio_high"] is None else f"{100 * (record['ratio_high'] - 1):+.1f}"
        low = f"{100 * (record['ratio_low'] - 1):+.1f}"
        text += f", {record['change_percent']:+.1f} % ({low} to {high}), p {p_value_text(record['p_value'])}"
    return f"{text}; {record['break_handling']}"


def _segment_line(record: dict[str, Any]) -> str:
    return (
        f"  {record['source']} {record['counting_unit']}s, segment {record['first_year']}-"
        f"{record['last_year']}: {record['apc']:+.1f} % a year "
        f"({record['apc_low']:+.1f} to {record['apc_high']:+.1f}), "
        f"p {p_value_text(record['p_value'])}; {record['break_handling']}"
    )
