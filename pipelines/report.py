"""The quality report of a source: one HTML file that needs nothing else, to read offline and to print."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import duckdb

from pipelines.removal import delete
from pipelines.settings import Settings
from pipelines.warehouse import open_published

_HEAD_BYTES = 1024  # the title of a report is among its first lines
_MARKS = {"full": "F", "partial": "P", "none": "–"}
_ORDER = ("failed", "errored", "warned", "passed", "not applicable")


def report_path(source_id: str, settings: Settings) -> Path:
    """Return where the report of a source is."""
    return settings.published.parent / "quality" / f"{source_id}.html"


def write_reports(settings: Settings) -> list[Path]:
    """Write the report of each source of the release, beside the published file; reports of others are removed.

    Raises:
        UsageError: nothing has been published yet.
    """
    written = []
    with open_published(settings) as connection:
        for (source_id,) in connection.execute("SELECT source FROM out.source ORDER BY source").fetchall():
            path = report_path(source_id, settings)
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_name(f".{path.name}.part")
            half.write_text(render_report(connection, source_id), encoding="utf-8")
            os.replace(half, path)
            written.append(path)
    for other in set(report_path("x", settings).parent.glob("*.html")) - set(written):
        if _is_report(other):
            delete(other, settings)
    return written


def _is_report(path: Path) -> bool:
    """Tell whether a page is a report of the source that it is named after; any other page is the user's own."""
    with path.open("rb") as page:
        return f"<title>Quality of {escape(path.stem)}</title>".encode() in page.read(_HEAD_BYTES)


def render_report(connection: duckdb.DuckDBPyConnection, source_id: str) -> str:
    """Return the report of one source as HTML; every value from the data is escaped."""
    about = _records(connection, "SELECT *, (SELECT release FROM out.release) AS release FROM out.source", source_id)[0]
    rules = _records(connection, "FROM out.quality", source_id)
    rules.sort(key=lambda rule: (_ORDER.index(rule["outcome"]), rule["rule"]))
    cells = _records(connection, "FROM out.quality_cell", source_id)
    template = Template(resources.files("pipelines").joinpath("report.html").read_text(encoding="utf-8"))
    return template.substitute(
        {name: escape(str(about[name])) for name in ("source", "title", "publisher", "vintage", "release", "files")},
        first_period=escape(str(about["first_period"])),
        last_period=escape(str(about["last_period"])),
        observations=f"{about['observations']:,}",
        counts=_counts(rules),
        attention=_attention(rules, cells),
        coverage=_coverage(connection, source_id),
        rules=_rules(rules),
        reconciliation=_plain(
            connection,
            "SELECT measure, counting_unit, rows_read, rows_used, rows_excluded, rows_rejected, count_read, "
            "count_used, count_excluded, count_rejected, closes FROM out.reconciliation",
            source_id,
            "The source has none.",
        ),
        controls=_plain(
            connection,
            "SELECT control, file, expected, actual, difference, detail FROM out.control",
            source_id,
            "The source gives no totals to compare with.",
        ),
        caveats=_caveats(connection, source_id),
    )


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
    return f"{value:,}" if isinstance(value, int) else escape(str(value))


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    kept = list(rows)
    numbers = [any(isinstance(row[n], (int, float)) for row in kept) for n in range(len(columns))]
    mark = [' class="number"' if number else "" for number in numbers]
    head = "".join(f"<th{mark[n]}>{escape(name.replace('_', ' '))}</th>" for n, name in enumerate(columns))
    body = "".join(
        "<tr>" + "".join(f"<td{mark[n]}>{_text(value)}</td>" for n, value in enumerate(row)) + "</tr>" for row in kept
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _counts(rules: list[dict[str, Any]]) -> str:
    parts = []
    for outcome in _ORDER:
        count = sum(1 for rule in rules if rule["outcome"] == outcome)
        if count:
            parts.append(f'<li class="{outcome.replace(" ", "-")}"><b>{count}</b> {outcome}</li>')
    return "".join(parts)


def _attention(rules: list[dict[str, Any]], cells: list[dict[str, Any]]) -> str:
    parts = []
    for rule in rules:
        if rule["outcome"] not in ("failed", "errored", "warned"):
            continue
        mine = [cell for cell in cells if cell["rule"] == rule["rule"]]
        share = "" if rule["share_failing"] is None else f" ({rule['share_failing']:.1%})"
        parts.append(
            f'<h3 id="{escape(rule["rule"])}"><span class="outcome {rule["outcome"]}">{rule["outcome"]}</span> '
            f"{escape(rule['rule'].replace('_', ' '))}</h3>"
            f"<p>{escape(rule['reason'])} <b>{rule['failing']:,} of {rule['checked']:,}</b>{share}.</p>"
            f"<p>What to do: {escape(rule['what_to_do'])}</p>"
            + (_cells(mine) if mine else f"<p class='soft'>{_text(rule['detail'])}</p>")
        )
    return "".join(parts) or "<p>Every rule that applies was kept.</p>"


def _cells(cells: list[dict[str, Any]]) -> str:
    names = ("iccs", "counting_unit", "ref_area", "time_period", "sex", "age", "detail", "file", "sheet", "row")
    shown = [name for name in names if any(cell[name] is not None for cell in cells)]
    rows = [[str(cell[name]) if name == "row" and cell[name] else cell[name] for name in shown] for cell in cells]
    title = f"The {len(cells)} largest, with the first raw row behind each" if len(cells) >= 20 else "Where"
    return f"<details open><summary>{title}</summary>{_table(shown, rows)}</details>"


def _coverage(connection: duckdb.DuckDBPyConnection, source_id: str) -> str:
    records = _records(
        connection,
        "SELECT coverage.*, title_en FROM out.coverage AS coverage "
        "LEFT JOIN out.iccs AS iccs ON iccs.code = coverage.iccs",
        source_id,
    )
    if not records:
        return "<p>Nothing to show.</p>"
    years = sorted({record["time_period"] for record in records})
    parts = []
    for dimension in dict.fromkeys(["sex", "age", "geography", *sorted({record["dimension"] for record in records})]):
        mine = [record for record in records if record["dimension"] == dimension]
        rows: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
        for record in mine:
            rows.setdefault((record["iccs"] or "", record["counting_unit"]), {})[record["time_period"]] = record
        if not rows:
            continue
        head = "<tr><th></th>" + "".join(f"<th>{escape(year)}</th>" for year in years) + "</tr>"
        body = "".join(_map_row(key, rows[key], years) for key in sorted(rows))
        parts.append(
            f"<h3>By {escape(dimension.replace('_', ' '))}</h3>"
            f'<div class="scroll"><table class="map"><thead>{head}</thead><tbody>{body}</tbody></table></div>'
        )
    return "".join(parts)


def _map_row(key: tuple[str, str], cells: dict[str, dict[str, Any]], years: list[str]) -> str:
    first = next(iter(cells.values()))
    star = " *" if any(cell["declared"] for cell in cells.values()) else ""
    title = escape(str(first["title_en"] or ""))
    label = f'<th title="{title}">{escape(key[0] or "population")} {title[:40]}, {escape(key[1])}{star}</th>'
    parts = []
    for year in years:
        cell = cells.get(year)
        if cell is None:
            parts.append("<td></td>")
            continue
        told = f"{year}: {cell['share_unknown']:.1%} unknown; {cell['detail']}"
        parts.append(f'<td class="{escape(cell["coverage"])}" title="{escape(told)}">{_MARKS[cell["coverage"]]}</td>')
    return f"<tr>{label}{''.join(parts)}</tr>"


def _rules(rules: list[dict[str, Any]]) -> str:
    body = "".join(
        f'<tr><td class="outcome {rule["outcome"].replace(" ", "-")}">{rule["outcome"]}</td>'
        f"<td>{escape(rule['rule'])}</td><td>{escape(rule['severity'])}</td>"
        f'<td class="number">{rule["checked"]:,}</td><td class="number">{rule["failing"]:,}</td>'
        f"<td>{escape(rule['reason'])}</td></tr>"
        for rule in rules
    )
    head = "<tr><th>outcome</th><th>rule</th><th>severity</th><th>checked</th><th>failing</th><th>why</th></tr>"
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'


def _plain(connection: duckdb.DuckDBPyConnection, query: str, source_id: str, nothing: str) -> str:
    records = _records(connection, query, source_id)
    return _table(list(records[0]), [list(row.values()) for row in records]) if records else f"<p>{nothing}</p>"


def _caveats(connection: duckdb.DuckDBPyConnection, source_id: str) -> str:
    rows = connection.execute(
        "SELECT caveat, label_en, count(*) FROM (SELECT unnest(string_split(caveats, ';')) AS caveat "
        "FROM out.observation WHERE source = $source AND caveats IS NOT NULL) "
        "LEFT JOIN out.caveat ON code = caveat GROUP BY ALL ORDER BY 3 DESC, 1",
        {"source": source_id},
    ).fetchall()
    return _table(("code", "meaning", "cells"), rows) if rows else "<p>None.</p>"
