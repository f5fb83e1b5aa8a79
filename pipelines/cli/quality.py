"""What the commands quality and check do."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.cli.printing import print_error, print_json, print_line, print_table
from pipelines.harmonise.quarantine import open_quarantine
from pipelines.publish.report import report_path
from pipelines.reader.release import query
from pipelines.system.connection import connect
from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED, DataRefused
from pipelines.system.settings import Settings, load_settings
from pipelines.tabulate.vintages import current_vintage
from schemas.errors import UsageError
from schemas.source import find_sources

_MOST_ROWS = 200
_MOST_LETTERS = 80


def quality_command(name: str | None, rejected: bool, data: str | None, as_json: bool) -> int:
    """Print the outcomes of the rules: one line a source, every rule of one source, or the rejected cells."""
    settings = load_settings(data)
    if name is not None:
        find_sources([name])
    if rejected:
        return _print_rejected(name, settings, as_json)
    if name is None:
        return _print_sources(settings, as_json)
    return _print_source(name, settings, as_json)


def _print_sources(settings: Settings, as_json: bool) -> int:
    found = query(
        "SELECT source, count(*) AS rules, count(*) FILTER (outcome = 'passed') AS passed, "
        "count(*) FILTER (outcome = 'warned') AS warned, count(*) FILTER (outcome = 'errored') AS errored, "
        "coalesce(string_agg(rule, ', ' ORDER BY rule) FILTER (outcome IN ('warned', 'errored')), '') AS attention "
        "FROM out.quality GROUP BY source ORDER BY source",
        settings,
    )
    if as_json:
        print_json(found.records())
        return EXIT_DONE
    print_table(found.columns, found.rows)
    print_line("one source, with the failing cells: iccs quality SOURCE; rejected cells: iccs quality --rejected")
    return EXIT_DONE


def _print_source(name: str, settings: Settings, as_json: bool) -> int:
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
        return EXIT_DONE
    print_table(rules.columns[:5], [row[:5] for row in rules.rows], title=f"Rules on {name}", decimals=3)
    for record in rules.records():
        if record["outcome"] not in ("passed", "not applicable"):
            print_line(f"{record['rule']} {record['outcome']}: {record['detail'] or ''}")
            print_line(f"  to do: {record['what_to_do']}")
    if report_path(name, settings).is_file():
        print_line(f"report: {report_path(name, settings)}")
    return EXIT_DONE


def _print_rejected(name: str | None, settings: Settings, as_json: bool) -> int:
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
    if as_json:
        print_json(rows)
    elif not rows:
        print_line("no rejected cells")
    else:
        shown = [{**row, "raw_text": _shorten(row["raw_text"] or "")} for row in rows[:_MOST_ROWS]]
        print_table(list(shown[0]), [list(row.values()) for row in shown])
        if len(rows) > _MOST_ROWS:
            print_line(f"and {len(rows) - _MOST_ROWS:,} more: iccs quality --rejected --json")
        print_line("after a correction of values.csv or of the concordance: iccs run --replay-quarantine")
    return EXIT_DONE


def _shorten(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else text[: _MOST_LETTERS - 1] + "…"


def check_file_command(file: str, source_id: str, data: str | None, as_json: bool) -> int:
    """Take one file through every step short of storing it, in a folder that is then removed; nothing is written.

    What changed against the figures published now is told too, where the data folder holds them.
    """
    from pipelines.run import Session, check_source
    from pipelines.tabulate.structure_suite import SuiteProcess

    path = Path(file)
    if not path.is_file():
        raise UsageError(f"there is no file {file}")
    (folder,) = find_sources([source_id])
    settings = load_settings(data)
    known = current_vintage(source_id, settings)
    with tempfile.TemporaryDirectory(prefix="iccs-check-") as place, SuiteProcess() as suite:
        given = Path(place, "given")
        given.mkdir()
        shutil.copyfile(path, given / path.name)
        try:
            session = Session(replace(settings, data=Path(place, "data")), given, suite=suite)
            checked = check_source(folder, session, known.as_previous() if known else None)
        except DataRefused as error:
            if as_json:
                print_json({"accepted": False, "problems": [problem.as_dict() for problem in error.problems]})
            else:
                print_error(f"{path.name} would be refused\n\n{error}")
            return EXIT_REFUSED
        outcomes = [vars(outcome) for outcome in checked.outcomes]
    if as_json:
        print_json({"accepted": True, "rules": outcomes})
        return EXIT_DONE
    shown = [row for row in outcomes if row["outcome"] not in ("passed", "not applicable")]
    print_line(f"{path.name} would be accepted; {checked.summary}")
    if shown:
        print_table(list(shown[0]), [list(row.values()) for row in shown])
    return EXIT_DONE
