"""The content of the pages of a site, read from one release in a few statements."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, groupby
from typing import Any

import duckdb

from pipelines.publish.series.breaks import SERIES_KEY, SeriesBreaks, series_break_at
from pipelines.reader.release import packaged_rows
from pipelines.reader.site.licences import may_be_published, must_stay
from schemas.declarations import no_attributes_sql, quote_literal, uncompared_sql
from schemas.source import list_sources

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Content:
    """Figures of a release that may be published, by page.

    Attributes:
        release: the row of ``out.release``.
        sources: rows of ``out.source`` by name.
        withheld: names of sources whose licence or policy does not allow their figures on a site.
        figures: rows of the preferred series that may be shown by country, category, in order of years; nothing for a
            country with estimates alone.
        regions: rows of the latest year of each region, by country and category.
        trends: rows of ``out.trend`` by area, category, source, stage and counting unit.
        themes: rows of ``out.theme`` with the rows of ``out.theme_coverage`` of sources that are shown.
        quality: rows of ``out.quality`` by source.
        changes: rows of ``out.release_change``.
        evidence: rows of ``out.evaluation`` that everybody may have.
        months: the last four years of the preferred monthly series by country and category, in order of months, each
            row with ``starts_anew``: whether the series breaks there.
        alerts: months of regions that are higher than their past explains, by country.
        estimates: the last figure of each series of estimates and of shares as published, by country.
    """

    release: dict[str, Any]
    sources: dict[str, dict[str, Any]]
    withheld: tuple[str, ...]
    figures: dict[str, dict[str, Rows]]
    regions: dict[tuple[str, str], Rows]
    trends: dict[tuple[str, ...], dict[str, Any]]
    themes: Rows
    quality: dict[str, Rows]
    changes: Rows
    evidence: Rows = field(default_factory=list)
    months: dict[tuple[str, str], Rows] = field(default_factory=dict)
    alerts: dict[str, Rows] = field(default_factory=dict)
    estimates: dict[str, Rows] = field(default_factory=dict)

    def area_row(self, code: str) -> dict[str, Any]:
        """Return a row with the names of a country."""
        return next(chain(*self.figures[code].values(), self.estimates.get(code, ())))


def read_content(connection: duckdb.DuckDBPyConnection) -> Content:
    """Return the content of the pages.

    Args:
        connection: to a release.
    """
    sources = {row["source"]: row for row in packaged_rows(connection, "reader/site_sources")}
    withheld = find_withheld(sources)
    shown = _Shown(frozenset(withheld))
    # If the preferred series may not be shown, the next one is, so that no country is left out for one of its sources.
    without = f"[{', '.join(map(quote_literal, withheld))}]::VARCHAR[]"
    figures: dict[str, dict[str, Rows]] = {}
    for row in shown.of(packaged_rows(connection, "reader/site_figures", withheld=without)):
        figures.setdefault(row["ref_area"], {}).setdefault(row["iccs"], []).append(shown.without_rate(row))
    regions: dict[tuple[str, str], Rows] = {}
    for row in shown.of(packaged_rows(connection, "reader/site_regions", withheld=without)):
        regions.setdefault((row["country"], row["iccs"]), []).append(shown.without_rate(row))
    trends: dict[tuple[str, ...], dict[str, Any]] = {
        (row["ref_area"], row["iccs"], row["source"], row["stage"], row["counting_unit"]): row
        for row in shown.of(packaged_rows(connection, "reader/site_trends"))
    }
    estimates = _read_estimates(connection, without)
    figures = {code: figures.get(code, {}) for code in sorted({*figures, *estimates})}
    alerts: dict[str, Rows] = {}
    for row in shown.of(packaged_rows(connection, "reader/site_alerts")):
        alerts.setdefault(row["country"], []).append(row)
    coverage = shown.of(packaged_rows(connection, "reader/site_theme_coverage"))
    quality: dict[str, Rows] = {name: [] for name in sources if name not in withheld}
    for row in shown.of(packaged_rows(connection, "reader/site_quality")):
        quality[row["source"]].append(row)
    return Content(
        release=packaged_rows(connection, "reader/site_release")[0],
        sources=sources,
        withheld=withheld,
        figures=figures,
        regions=regions,
        trends=trends,
        themes=[
            theme | {"coverage": [row for row in coverage if row["theme_id"] == theme["theme_id"]]}
            for theme in packaged_rows(connection, "reader/site_themes")
        ],
        quality=quality,
        changes=shown.of(packaged_rows(connection, "reader/site_changes")),
        evidence=packaged_rows(connection, "reader/site_evidence"),
        months=_read_months(connection, without),
        alerts=alerts,
        estimates=estimates,
    )


def _read_estimates(connection: duckdb.DuckDBPyConnection, without: str) -> dict[str, Rows]:
    found: dict[str, Rows] = {}
    attributes = no_attributes_sql()
    for row in packaged_rows(connection, "reader/site_estimates", withheld=without, no_attributes=attributes):
        found.setdefault(row["ref_area"], []).append(row)
    return found


def _read_months(connection: duckdb.DuckDBPyConnection, without: str) -> dict[tuple[str, str], Rows]:
    compared, attributes = uncompared_sql("cell.caveats"), no_attributes_sql()
    every = packaged_rows(
        connection, "reader/site_months", withheld=without, uncompared=compared, no_attributes=attributes
    )
    breaks = SeriesBreaks(connection)
    months: dict[tuple[str, str], Rows] = {}
    for key, group in groupby(every, key=lambda row: tuple(row[name] for name in SERIES_KEY)):
        rows = list(group)
        starts = breaks.of(key, (series_break_at(row["time_period"], row["obs_status"]) for row in rows), "M").all
        months[key[1], key[2]] = [row | {"starts_anew": row["step"] in starts} for row in rows]
    return months


def find_withheld(sources: dict[str, dict[str, Any]]) -> tuple[str, ...]:
    """Return the sources whose licence, or declaration of what may be shared, keeps them out of a site."""
    folders, today = list_sources(), date.today()
    return tuple(
        name
        for name, row in sources.items()
        if not may_be_published(row["licence"])
        or must_stay(row["kind"], folders[name].source.sharing if name in folders else None, today)
    )


@dataclass(frozen=True)
class _Shown:
    """Filters out what the licence or the policy of a source does not allow."""

    withheld: frozenset[str]

    def of(self, rows: Iterable[dict[str, Any]]) -> Rows:
        return [row for row in rows if row["source"] not in self.withheld]

    def without_rate(self, row: dict[str, Any]) -> dict[str, Any]:
        """Remove rate and population if the population may not be shown, as count and rate reveal it."""
        if row["population_source"] not in self.withheld:
            return row
        return row | dict.fromkeys(("population", "population_source", "rate_per_100k", "ci_low", "ci_high"))
