"""The pages of a country, and of one category in a country."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from iccs.periods import year_spans
from pipelines.reader.series.trends import handling_in
from pipelines.reader.site.area_map import draw_area_map
from pipelines.reader.site.chart import draw_chart, drawn_column, years_apart
from pipelines.reader.site.content import Rows
from pipelines.reader.site.months import draw_months, draw_small_months, month_sentences, table_of_months, year_before
from pipelines.reader.site.pages.renderer import Page, Renderer, codes_in, last_figure
from pipelines.reader.words import LANGUAGES
from schemas.codelists import age_labels


def country_page(site: Renderer, code: str) -> Page:
    """Return the page of a country: the latest figure of each category, its months, estimates and sources."""
    categories = site.content.figures[code]
    latest = {iccs: row for iccs, rows in categories.items() if (row := last_figure(rows)) is not None}
    years = sorted({row["time_period"] for rows in categories.values() for row in rows})
    rows = [
        row
        | {
            "category": site.label(row, "category"),
            "composition": site.label(row, "composition"),
            "counted": site.counted(row),
            "sentence": site.sentence(row),
            "caveats": site.label(row, "caveats"),
        }
        for row in latest.values()
    ]
    matrix = []
    for iccs, own in categories.items():
        marks = {row["time_period"]: _mark(row) for row in own}
        matrix.append({"iccs": iccs, "marks": [marks.get(year, "") for year in years]})
    estimates = _estimates(site, code)
    used = sorted({row["source"] for own in (*categories.values(), estimates) for row in own})
    return site.page(
        "country",
        f"country/{code}.html",
        site.label(site.content.area_row(code), "area"),
        code=code,
        rows=rows,
        years=years,
        few=any(row["few_events"] for row in rows),
        matrix=matrix,
        months=_latest_months(site, code),
        alerts=[
            row | {name: site.label(row, name) for name in ("area", "category")} | {"counted": site.counted(row)}
            for row in site.content.alerts.get(code, [])
        ],
        estimates=estimates,
        files=country_files(code) if categories else [],
        sources=[site.content.sources[name] for name in used],
    )


def _latest_months(site: Renderer, code: str) -> Rows:
    """The last month of each category of a country, with the same month a year before and what was expected."""
    found = []
    for iccs, own in site.content.figures[code].items():
        rows = site.content.months.get((code, iccs), [])
        if (last := last_figure(rows)) is None:
            continue
        category = site.label(own[0], "category")
        sentences = month_sentences(rows, site.number, site.language)
        about = f"{category}, {rows[0]['time_period']}–{rows[-1]['time_period']}. {' '.join(sentences)}"
        found.append(
            last
            | {
                "category": category,
                "counted": site.counted(last),
                "before": year_before(rows, last),
                "sentences": sentences,
                "picture": draw_small_months(rows, about),
                "caveats": site.caveats(last),
            }
        )
    return found


def figure_page(site: Renderer, code: str, iccs: str) -> Page:
    """Return the page of one category in a country: every year, its trend, regions and reservations."""
    rows = site.content.figures[code][iccs]
    last = last_figure(rows) or rows[-1]
    trend, sentence = site.trend(last), site.sentence(last)
    country = site.label(last, "area")
    title = f"{iccs} {site.label(last, 'category')}{site.text(': ')}{country}"
    drawn = drawn_column(rows)
    unit = site.text("rate per 100,000 population") if drawn == "rate_per_100k" else site.text("count")
    gap_text = "; ".join(f"{reason} ({year_spans(years)})" for reason, years in _gaps(site, rows, drawn).items())
    sources = sorted({row["population_source"] for row in rows if row["population_source"]})
    span = f"{rows[0]['time_period']}–{rows[-1]['time_period']}"
    alt = f"{site.counted(last)}; {unit}; {span}. {sentence}"
    of_series = [row for row in site.content.regions.get((code, iccs), []) if _series(row) == _series(last)]
    regions = _region_rows(site, of_series)
    breaks = {row["break_before"]: row["break_note"] for row in rows if row["break_before"]}
    return site.page(
        "figure",
        f"country/{code}/{iccs}.html",
        title,
        code=code,
        iccs=iccs,
        country=country,
        counted=site.counted(last),
        unit=unit,
        first=rows[0]["time_period"],
        last=rows[-1]["time_period"],
        sentence=sentence,
        handling=handling_in(trend["break_handling"], site.language) if trend else None,
        chart=draw_chart(rows, title, alt, site.language),
        source=site.content.sources[last["source"]],
        population=", ".join(f"{site.content.sources[name]['publisher']} ({name})" for name in sources),
        limits=site.label(last, "limits") if last["ci_low"] is not None else "",
        gaps=gap_text,
        apart=year_spans(years_apart(rows)),
        definition=site.definition(iccs),
        definition_language=site.definition_language,
        compositions=_distinct(site.label(row, "composition") for row in rows),
        notes=_distinct(str(row["mapping_notes"] or "") for row in rows),
        others=last["other_series"],
        caveats=_caveats(site, rows),
        breaks=sorted(breaks.items()),
        rows=[
            row | {"status": site.code_label("obs_status", row["obs_status"]), "reason": site.reason(row)}
            for row in rows
        ],
        few=any(row["few_events"] for row in rows),
        estimates=[row for row in _estimates(site, code) if row["iccs"] == iccs],
        months=_months(site, code, iccs, title),
        regions=regions,
        map=draw_area_map(regions, code, title, site.language, site.outlines),
        files=[f"{code}_{iccs}.csv", *country_files(code)],
        query=_query(last),
    )


def _gaps(site: Renderer, rows: Rows, drawn: str) -> dict[str, list[int]]:
    """The years without a figure to draw, by reason; a year for which the source has nothing at all has no row."""
    there = {int(row["time_period"]): row for row in rows}
    gaps: dict[str, list[int]] = {}
    for year in range(min(there), max(there) + 1):
        row = there.get(year)
        if row is None or row[drawn] is None:
            gaps.setdefault((row and site.reason(row)) or site.text("no figure"), []).append(year)
    return gaps


def _estimates(site: Renderer, code: str) -> Rows:
    """The last figure of each series of estimates of a country, with its words."""
    found = []
    for row in site.content.estimates.get(code, []):
        of = site.code_label("universe", row["universe"]).partition(" (")[0]
        if row["age"] not in ("_T", "_Z"):
            of = f"{of}, {age_labels(row['age'])[LANGUAGES.index(site.language)].lower()}"
        words = {
            "of": of,
            "counted": site.counted(row),
            "unit": site.code_label("unit_of_measure", row["unit_of_measure"]),
            "caveats": site.caveats(row),
            "publisher": site.content.sources[row["source"]]["publisher"],
        }
        found.append(row | words)
    return found


def _months(site: Renderer, code: str, iccs: str, title: str) -> dict[str, Any] | None:
    """The latest months of a country and category: picture and sentences; None if there are none."""
    rows = site.content.months.get((code, iccs), [])
    if (last := last_figure(rows)) is None:
        return None
    sentences = month_sentences(rows, site.number, site.language)
    span = f"{rows[0]['time_period']}–{rows[-1]['time_period']}"
    figure = f"{last['time_period']}{site.text(': ')}{site.number(last['value'])}"
    about = f"{site.counted(last)}; {span}. {figure}. {' '.join(sentences)}"
    name = site.text("latest months")
    return {
        "counted": site.counted(last),
        "span": span,
        "sentences": sentences,
        "picture": draw_months(rows, f"{title}, {name}", about, site.language),
        "table": table_of_months(
            rows,
            site.number,
            lambda code: site.code_label("caveat", code),
            lambda code: site.code_label("missing_reason", code),
            site.language,
        ),
        "source": site.content.sources[last["source"]],
        "tested": any(row["count_upper"] is not None for row in rows),
        "filling": any(row["nowcast"] is not None for row in rows),
    }


def _region_rows(site: Renderer, rows: Rows) -> Rows:
    return [
        row
        | {
            "name": site.label(row, "area"),
            "sentence": site.sentence(row),
            "direction": (site.trend(row) or {}).get("direction"),
            "caveats": site.label(row, "caveats"),
        }
        for row in rows
    ]


def _caveats(site: Renderer, rows: Rows) -> list[tuple[str, str]]:
    found: dict[str, list[int]] = {}
    for row in rows:
        for caveat in codes_in(row["caveats"]):
            found.setdefault(caveat, []).append(int(row["time_period"]))
    return [(site.code_label("caveat", code), year_spans(years)) for code, years in sorted(found.items())]


def _series(row: dict[str, Any]) -> tuple[str, str, str]:
    """Source, stage and counting unit of a figure; a region may prefer another series than its country."""
    return row["source"], row["stage"], row["counting_unit"]


def country_files(code: str) -> list[str]:
    """Return the names of the files with all figures of a country."""
    return [f"{code}.parquet", f"{code}.xlsx"] if _has_workbooks() else [f"{code}.parquet"]


@cache
def _has_workbooks() -> bool:
    from importlib.util import find_spec

    return find_spec("xlsxwriter") is not None


def _query(row: dict[str, Any]) -> str:
    """The query that gives the figures of a page."""
    series = f"ref_area = '{row['ref_area']}' AND iccs = '{row['iccs']}'"
    if row["is_preferred"]:
        return f"FROM out.headline WHERE {series} ORDER BY time_period;"
    series += "".join(f" AND {name} = '{row[name]}'" for name in ("source", "stage", "counting_unit"))
    return f"FROM out.figure WHERE {series} AND sex = '_T' AND age = '_T' ORDER BY time_period;"


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, texts)))


def _mark(row: dict[str, Any]) -> str:
    return "R" if row["rate_per_100k"] is not None else "C" if row["value"] is not None else "×"
