"""What the commands run, trend, query and sources do, and how they print it."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED, UsageError
from pipelines.cli.printing import print_error, print_json, print_line, print_table
from pipelines.run import RunResult, StepReport, plain_step, run_all
from pipelines.reader.series import what_there_is
from pipelines.system.settings import Settings, load_settings
from schemas.source import find_sources
from pipelines.statistics.wording import p_value_text
from pipelines.tabulate.vintages import current_vintage
from pipelines.reader.release import check_code, packaged_query, query

_MOST_COUNTRIES = 12


def run_command(
    names: list[str],
    directory: str | None,
    wait_seconds: float,
    data: str | None,
    as_json: bool,
    replay: bool = False,
    engine: str | None = None,
) -> int:
    """Load sources and publish; exit code 1 where a source was refused."""
    settings = load_settings(data, engine)
    where = Path(directory).resolve() if directory else None
    if replay and where is not None:
        raise UsageError("--replay-quarantine tries the files again that cells were rejected from; leave --from out")
    folders = find_sources(names)
    reports: list[StepReport] = []

    def report(step: StepReport) -> None:
        reports.append(step)
        if not as_json:
            print_line(
                f"{step.source:<22} {step.step:<9} {step.rows_in:>10,} in {step.rows_out:>10,} out "
                f"{step.seconds:>6.1f} s  {step.summary}"
            )

    result = run_all(
        folders,
        settings,
        where,
        plain_step(report),
        named=bool(names),
        wait_seconds=wait_seconds,
        replay=replay,
        lanes=settings.threads,
    )
    if as_json:
        print_json(
            {
                "steps": [asdict(step) for step in reports],
                "loaded": result.loaded,
                "unchanged": result.unchanged,
                "absent": result.absent,
                "refused": [asdict(refusal) for refusal in result.refused],
                "replayed": [asdict(one) for one in result.replayed],
                "published": result.published,
                "release": result.publication.release if result.publication else None,
                "seconds": result.seconds,
            }
        )
    else:
        if replay:
            _print_replayed(result)
        _print_result(result, settings)
    return EXIT_REFUSED if result.refused else EXIT_DONE


def _print_replayed(result: RunResult) -> None:
    print_line()
    if not result.replayed:
        print_line("no rejected cells in quarantine, nothing to try again")
    for one in result.replayed:
        more = f", {one.newly_rejected:,} rejected that were not before" if one.newly_rejected else ""
        print_line(
            f"{one.source} ({one.name}): {one.recovered:,} cells recovered, {one.still_rejected:,} still rejected{more}"
        )
        if one.still_rejected or one.newly_rejected:
            print_line(f"  see: iccs quality {one.source} --rejected")


def _print_result(result: RunResult, settings: Settings) -> None:
    print_line()
    for refusal in result.refused:
        print_error(f"source {refusal.source} refused; its last good vintage, if any, stays published\n")
        print_error(refusal.message + "\n")
    if result.absent:
        absent = ", ".join(result.absent)
        print_line(f"no input file in {result.searched}, left as they are: {absent} (give a folder with --from DIR)")
    if result.unchanged:
        print_line(f"unchanged since the last run, no work done: {', '.join(result.unchanged)}")
    if not settings.published.is_file():
        print_line("nothing to publish yet")
        return
    if result.publication is None:
        print_line("the published file is up to date")
    _print_homicide_rates(settings)
    print_line(f"DuckDB file: {settings.published}")
    print_line(f"quality reports: {settings.published.parent / 'quality'}{os.sep}<source>.html")
    print_line(f"seconds in all: {result.seconds:.1f}")


def _print_homicide_rates(settings: Settings) -> None:
    records = packaged_query("reader/homicide_rates", settings).records()
    if not records:  # no homicide among the sources, or no population for them
        return
    years = sorted({record["year"] for record in records})
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for record in records:
        rows.setdefault((record["country"], record["source"]), {})[record["year"]] = record["rate_per_100k"]
    ranked = sorted(rows, key=lambda key: -rows[key][max(rows[key])])
    shown = [[*key, *(rows[key].get(year) for year in years)] for key in ranked[:_MOST_COUNTRIES]]
    title = "Intentional homicide (ICCS 0101) per 100,000 population: highest latest rates"
    print_table(["country", "source", *years], shown, title=title)
    if len(ranked) > _MOST_COUNTRIES:
        print_line(
            f"and {len(ranked) - _MOST_COUNTRIES} more; all: iccs query "
            "\"FROM out.rate WHERE iccs = '0101' AND area_level = 'country'\""
        )


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


def query_command(sql: str, data: str | None, as_json: bool) -> int:
    """Print the answer to one SQL statement on the published file."""
    result = query(sql, load_settings(data))
    if as_json:
        print_json(result.records())
    elif not result.rows:
        print_line(f"no rows (columns: {', '.join(result.columns)})" if result.columns else "done, nothing to show")
    else:
        print_table(result.columns, result.rows, decimals=4)
        if sys.stdout.isatty():
            print_line(f"{len(result.rows):,} rows")
    return EXIT_DONE


def list_command(data: str | None, as_json: bool) -> int:
    """Print a line for each declared source, with the vintage that is current here."""
    settings = load_settings(data)
    rows = []
    for folder in find_sources([]):
        vintage = current_vintage(folder.source_id, settings)
        source = folder.source
        rows.append(
            {
                "source": folder.source_id,
                "kind": source.kind,
                "title": source.title,
                "vintage": vintage.vintage if vintage else None,
            }
        )
    if as_json:
        print_json(rows)
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
    return EXIT_DONE


def show_command(name: str, as_json: bool) -> int:
    """Print what one source declares."""
    (folder,) = find_sources([name])
    source = folder.source
    if as_json:
        print_json(source.model_dump())
        return EXIT_DONE
    lines = [
        f"{source.source_id}: {source.title}",
        f"publisher   {source.publisher}",
        f"page        {source.url}",
        f"licence     {source.licence.name}",
        f"citation    {source.citation}",
        f"kind        {source.kind}",
        f"files       {', '.join(pattern for layout in source.layouts for pattern in layout.files)}",
        *([f"personal    never stored: {', '.join(source.personal)}"] if source.personal else []),
        *(f"measure     {key}: {m.stage}, {m.counting_unit}" for key, m in source.measures.items()),
        *(f"breakdown   {b.freq} by {', '.join(b.by) or 'total only'}" for b in source.breakdowns),
        *(f"exclusion   {e.rule}: {e.reason}" for e in source.exclusions),
        *(f"control     {c.control}" for c in source.controls),
        *(f"caveat      {c.caveat}: {c.note}" for c in source.caveats),
        *(f"break       {b.period}: {b.note}{f' Bridge: {b.bridge.basis}' if b.bridge else ''}" for b in source.breaks),
    ]
    for line in lines:
        print_line(line)
    return EXIT_DONE
