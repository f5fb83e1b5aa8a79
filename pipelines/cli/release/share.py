"""``iccs share check``: what of the release may leave, and what is hidden first."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, add_group
from pipelines.cli.printing import print_error, print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands
    from pipelines.share.check import Series, SharedSource


def add_parser(commands: Commands) -> None:
    """Add the command."""
    group = add_group(commands, "share", "what of a release may leave the office, and which cells are hidden")
    check = add_command(group, "check", "say what would leave, what is hidden and why; writes nothing")
    check.add_argument(
        "--to", choices=("public", "partners", "internal"), default="public", help="who it is for (default: public)"
    )
    check.set_defaults(command=check_command)


def check_command(options: argparse.Namespace) -> int:
    """Print, for each source of the release, what would leave; fail if any source is refused."""
    from datetime import date

    from pipelines.reader.release import OpenRelease
    from pipelines.share.check import check_sharing
    from pipelines.system.errors import EXIT_DONE, EXIT_REFUSED
    from pipelines.system.settings import load_settings
    from schemas.source import list_sources

    with OpenRelease(load_settings(options.data)) as release:
        number = release.release
        found = check_sharing(release, list_sources(), options.to, date.today())
    refused = [one for one in found if one.outcome == "refused"]
    if options.json:
        print_json(
            {"release": number, "to": options.to, "shareable": not refused, "sources": [_as_json(one) for one in found]}
        )
        return EXIT_REFUSED if refused else EXIT_DONE
    print_table(
        ["source", "what leaves", "why"],
        [[one.source, one.outcome.replace("_", " "), one.why] for one in found if one.outcome != "refused"],
        title=f"Release {number}, to {options.to}",
    )
    if rows := [{"source": one.source, **figures} for one in found for figures in map(_figures, one.series)]:
        print_line()
        print_table([name.replace("_", " ") for name in rows[0]], [list(row.values()) for row in rows])
    for one in refused:
        print_error(f"{one.source} cannot be shared: {one.why}")
    return EXIT_REFUSED if refused else EXIT_DONE


def _figures(series: Series) -> dict[str, Any]:
    """How much of a series is hidden. Each hidden cell is counted once, whatever the breakdown."""
    hidden = len(series.primary) + len(series.secondary)
    return {
        "stage": series.stage,
        "counting_unit": series.counting_unit,
        "cells": series.cells,
        "below_threshold": len(series.primary),
        "hidden_to_protect": len(series.secondary),
        "hidden_%": round(100 * hidden / series.cells, 1),
        "count_hidden_%": round(100 * series.hidden_count / series.count, 1) if series.count else 0.0,
        "audited": series.examined,
        "computable": series.determined,
        "computable_by_one_person": series.determined_for_one_person,
    }


def _as_json(one: SharedSource) -> dict[str, Any]:
    return {
        "source": one.source,
        "outcome": one.outcome,
        "why": one.why,
        "threshold": one.threshold,
        "series": [_figures(series) for series in one.series],
    }
