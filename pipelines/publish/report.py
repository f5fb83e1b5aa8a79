"""The quality report of a source: one self-contained HTML file, to read offline and to print."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipelines.system.files import replace_text
from pipelines.system.printable import shown
from pipelines.system.removal import delete
from pipelines.system.settings import Settings

if TYPE_CHECKING:
    from jinja2 import Template

_HEAD_BYTES = 1024  # the title of a report is in its first lines
_MARKS = {"full": "F", "partial": "P", "none": "–"}
_ORDER = ("failed", "errored", "warned", "passed", "not applicable")
_CELL_COLUMNS = ("iccs", "counting_unit", "ref_area", "time_period", "sex", "age", "detail", "file", "sheet", "row")


def report_path(source_id: str, settings: Settings) -> Path:
    """Return where the report of a source is."""
    return settings.published.parent / "quality" / f"{source_id}.html"


def write_reports(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[Path]:
    """Write the report of each source of the release next to the published file; remove those of other sources.

    Args:
        connection: the published file, open.
        settings: where it is.
    """
    written = []
    for (source_id,) in connection.execute("SELECT source FROM out.source ORDER BY source").fetchall():
        path = report_path(source_id, settings)
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(path, render_report(connection, source_id))
        written.append(path)
    for other in set(report_path("x", settings).parent.glob("*.html")) - set(written):
        if _is_report(other):
            delete(other, settings)
    return written


def damaged_reports(connection: duckdb.DuckDBPyConnection, settings: Settings) -> list[tuple[Path, str]]:
    """Return the reports that are missing or differ from the published file, each with what is wrong."""
    found = []
    for (source_id,) in connection.execute("SELECT source FROM out.source ORDER BY source").fetchall():
        path = report_path(source_id, settings)
        if not path.is_file():
            found.append((path, "is missing"))
        elif path.read_bytes() != render_report(connection, source_id).encode():
            found.append((path, "has changed since it was written"))
    return found


def _is_report(path: Path) -> bool:
    """Whether a page is a report of the source in its name; any other page belongs to the user."""
    if not path.is_file():
        return False
    with path.open("rb") as page:
        return f"<title>Quality of {escape(path.stem)}</title>".encode() in page.read(_HEAD_BYTES)


def render_report(connection: duckdb.DuckDBPyConnection, source_id: str) -> str:
    """Return the report of one source as HTML; every value from the data is escaped."""
    rules = _records(connection, "FROM out.quality", source_id)
    rules.sort(key=lambda rule: (_ORDER.index(rule["outcome"]), rule["rule"]))
    outcomes = [rule["outcome"] for rule in rules]
    years, coverage = _coverage(connection, source_id)
    about = "SELECT *, (SELECT release FROM out.release) AS release FROM out.source"
    return _template().render(
        about=_records(connection, about, source_id)[0],
        counts=[(outcome, outcomes.count(outcome)) for outcome in _ORDER if outcome in outcomes],
        rules=rules,
        attention=_attention(rules, _records(connection, "FROM out.quality_cell", source_id)),
        years=years,
        coverage=coverage,
        marks=_MARKS,
        reconciliation=_records(
            connection,
            "SELECT measure, counting_unit, rows_read, rows_used, rows_excluded, rows_rejected, count_read, "
            "count_used, count_excluded, count_rejected, closes FROM out.reconciliation",
            source_id,
        ),
        controls=_records(
            connection, "SELECT control, file, expected, actual, difference, detail FROM out.control", source_id
        ),
        caveats=_caveats(connection, source_id),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=shown)
    environment.filters["text"] = _text
    environment.tests["figure"] = lambda value: isinstance(value, (int, float))
    page = resources.files("pipelines").joinpath("publish", "report.html")
    return environment.from_string(page.read_text(encoding="utf-8"))


def _records(connection: duckdb.DuckDBPyConnection, query: str, source_id: str) -> list[dict[str, Any]]:
    found = connection.execute(f"{query} WHERE source = $source", {"source": source_id})
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if value.is_integer() else f"{value:,.3f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _attention(rules: list[dict[str, Any]], cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rules that failed or warned, each with its cells and their non-empty columns."""
    found = []
    for rule in rules:
        if rule["outcome"] in ("failed", "errored", "warned"):
            # A row is a place in a file, shown without thousands separators.
            own = [
                cell | {"row": None if cell["row"] is None else str(cell["row"])}
                for cell in cells
                if cell["rule"] == rule["rule"]
            ]
            shown = [name for name in _CELL_COLUMNS if any(cell[name] is not None for cell in own)]
            found.append(rule | {"cells": own, "shown": shown})
    return found


def _coverage(connection: duckdb.DuckDBPyConnection, source_id: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the years, and for each dimension its rows: category, counting unit and the cell of each year.

    A source with several countries has a row for each country instead, with the cell of its least covered category.
    """
    records = _records(
        connection,
        "SELECT coverage.*, title_en, name_en AS country_name FROM out.coverage AS coverage "
        "LEFT JOIN out.iccs AS iccs ON iccs.code = coverage.iccs "
        "LEFT JOIN out.area AS area ON area.code = coverage.country",
        source_id,
    )
    years = sorted({record["time_period"] for record in records})
    several = any(record["iccs"] for record in records) and len({record["country"] for record in records}) > 1
    rows_of: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for record in records:
        key = (record["country"] if several else record["iccs"] or "", record["counting_unit"])
        rows = rows_of.setdefault(record["dimension"], {})
        if key not in rows:
            rows[key] = {
                "iccs": key[0],
                "counting_unit": key[1],
                "title": (record["country_name"] if several else record["title_en"]) or "",
                "declared": False,
                "cells": dict.fromkeys(years),
            }
        row = rows[key]
        other = row["cells"][record["time_period"]]
        if other is None or record["share_unknown"] > other["share_unknown"]:
            row["cells"][record["time_period"]] = record
        row["declared"] = row["declared"] or record["declared"]
    maps = [
        {"dimension": dimension, "rows": [rows_of[dimension][key] for key in sorted(rows_of[dimension])]}
        for dimension in dict.fromkeys(["sex", "age", "geography", *sorted(rows_of)])
        if dimension in rows_of
    ]
    return years, maps


def _caveats(connection: duckdb.DuckDBPyConnection, source_id: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        "SELECT caveat, label_en, count(*) FROM (SELECT unnest(string_split(caveats, ';')) AS caveat "
        "FROM out.observation WHERE source = $source AND caveats IS NOT NULL) "
        "LEFT JOIN out.caveat ON code = caveat GROUP BY ALL ORDER BY 3 DESC, 1",
        {"source": source_id},
    ).fetchall()
    return [dict(zip(("code", "meaning", "cells"), row, strict=True)) for row in rows]
