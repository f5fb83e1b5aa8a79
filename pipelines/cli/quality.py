"""``iccs quality``: the result of every rule, and the failing and rejected cells."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command
from pipelines.cli.printing import print_json, print_line, print_table
from schemas.errors import UsageError

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.system.settings import Settings

_MAX_ROWS = 200
_MAX_LETTERS = 80


def add_parser(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(commands, "quality", "show the outcome of every rule, and failing and rejected cells")
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="which source (default: one line for each)")
    parser.add_argument(
        "--rejected", action="store_true", help="the cells in quarantine, with file, row, value and rule"
    )
    parser.set_defaults(command=quality_command)


def quality_command(options: argparse.Namespace) -> int:
    """Print the results of the rules: one line per source, every rule of one source, or the rejected cells."""
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings
    from schemas.source import find_sources

    settings = load_settings(options.data)
    if options.source is not None:
        find_sources([options.source])
    if options.rejected:
        _print_rejected(options.source, settings, options.json)
    elif options.source is None:
        _print_sources(settings, options.json)
    else:
        _print_source(options.source, settings, options.json)
    return EXIT_DONE


def _print_sources(settings: Settings, as_json: bool) -> None:
    from pipelines.reader.release import query

    found = query(
        "SELECT source, count(*) AS rules, count(*) FILTER (outcome = 'passed') AS passed, "
        "count(*) FILTER (outcome = 'warned') AS warned, count(*) FILTER (outcome = 'errored') AS errored, "
        "coalesce(string_agg(rule, ', ' ORDER BY rule) FILTER (outcome IN ('warned', 'errored')), '') AS attention "
        "FROM out.quality GROUP BY source ORDER BY source",
        settings,
    )
    if as_json:
        print_json(found.records())
        return
    print_table(found.columns, found.rows)
    print_line(
        "for one source, with its failing cells: iccs quality SOURCE; for rejected cells: iccs quality --rejected"
    )


def _print_source(name: str, settings: Settings, as_json: bool) -> None:
    from pipelines.publish.report import report_path
    from pipelines.reader.release import query

    where: dict[str, object] = {"source": name}
    rules = query(
        "SELECT outcome, rule, checked, failing, share_failing, what_to_do, detail FROM out.quality "
        "WHERE source = $source ORDER BY outcome IN ('passed', 'not applicable'), outcome, rule",
        settings,
        where,
    )
    if not rules.rows:
        raise UsageError(f"{name} is not in the published file; load it with: iccs run {name}")
    cells = query("FROM out.quality_cell WHERE source = $source ORDER BY rule", settings, where)
    if as_json:
        path = report_path(name, settings)
        print_json({"rules": rules.records(), "cells": cells.records(), "report": path if path.is_file() else None})
        return
    print_table(rules.columns[:5], [row[:5] for row in rules.rows], title=f"Rules on {name}", decimals=3)
    for record in rules.records():
        if record["outcome"] not in ("passed", "not applicable"):
            print_line(f"{record['rule']} {record['outcome']}: {record['detail'] or ''}")
            print_line(f"  to do: {record['what_to_do']}")
    if report_path(name, settings).is_file():
        print_line(f"report: {report_path(name, settings)}")


def _print_rejected(name: str | None, settings: Settings, as_json: bool) -> None:
    rows = _read_rejected(name, settings)
    if as_json:
        print_json(rows)
    elif not rows:
        print_line("no rejected cells")
    else:
        shown = [{**row, "raw_text": _shorten(row["raw_text"] or "")} for row in rows[:_MAX_ROWS]]
        print_table(list(shown[0]), [list(row.values()) for row in shown])
        if len(rows) > _MAX_ROWS:
            print_line(f"and {len(rows) - _MAX_ROWS:,} more: iccs quality --rejected --json")
        print_line("after correcting values.csv or the concordance: iccs run --replay-quarantine")


def _read_rejected(name: str | None, settings: Settings) -> list[dict[str, Any]]:
    from pipelines.harmonise.quarantine import open_quarantine
    from pipelines.system.connection import connect
    from pipelines.tabulate.vintages.pointers import current_vintage
    from schemas.source import find_sources

    rows: list[dict[str, Any]] = []
    for folder in find_sources([name] if name else []):
        current = current_vintage(folder.source_id, settings)
        for load in open_quarantine(folder.source_id, current.vintage if current else None, settings):
            with connect(settings) as connection:
                found = connection.execute(
                    "SELECT file, sheet, row, column_name AS column, value, rule, raw_text "
                    "FROM read_parquet($path) ORDER BY cell, rule",
                    {"path": str(load.path)},
                )
                names = [column[0] for column in found.description or ()]
                where = {"source": load.source_id, "load": load.name}
                rows += [{**where, **dict(zip(names, row, strict=True))} for row in found.fetchall()]
    return rows


def _shorten(text: str) -> str:
    return text if len(text) <= _MAX_LETTERS else text[: _MAX_LETTERS - 1] + "…"
