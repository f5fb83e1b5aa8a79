"""``iccs releases list|diff|restore``: what was published."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pipelines.cli.arguments import add_command, add_group, waiting_arguments
from pipelines.cli.printing import print_json, print_line, print_table

if TYPE_CHECKING:
    from pipelines.cli.arguments import Commands

_SHORT = {"ref_area": "area", "time_period": "period", "counting_unit": "unit", "old_value": "old", "new_value": "new"}
"""Column names short enough for a terminal."""


def add_parser(commands: Commands) -> None:
    """Add the commands."""
    group = add_group(commands, "releases", "list, compare and restore releases")
    listing = add_command(group, "list", "list the releases, oldest first")
    listing.set_defaults(command=list_command)
    changes = add_command(group, "diff", "count the cells added, withdrawn and changed, by source")
    changes.add_argument("old", metavar="A")
    changes.add_argument("new", metavar="B")
    changes.set_defaults(command=diff_command)
    restore = add_command(group, "restore", "publish a kept release again", waiting_arguments())
    restore.add_argument("release", metavar="RELEASE")
    restore.set_defaults(command=restore_command)


def list_command(options: argparse.Namespace) -> int:
    """Print each release, oldest first: its content, whether it is published and whether it is still kept."""
    from pipelines.publish.releases import history, kept_releases, read_release
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    published = read_release(settings.published)
    kept = {release.release for release in kept_releases(settings)}
    rows = [
        {
            "release": row["release"],
            "published_at": row["published_at"].isoformat(sep=" ", timespec="seconds"),
            "code_version": row["code_version"],
            "sources": row["sources"],
            "observations": row["observations"],
            "kept": row["release"] in kept,
            "published": published is not None and row["release"] == published.release,
        }
        for row in sorted(history("release_history", settings), key=lambda row: row["published_at"])
    ]
    if options.json:
        print_json(rows)
    elif rows:
        print_table(
            ["release", "published (UTC)", "version", "sources", "cells", "state"],
            [
                [
                    row["release"],
                    row["published_at"][:16],
                    row["code_version"],
                    row["sources"],
                    row["observations"],
                    "published" if row["published"] else "kept" if row["kept"] else "record only",
                ]
                for row in rows
            ],
        )
    else:
        print_line("no release yet; make one with: iccs run")
    return EXIT_DONE


def diff_command(options: argparse.Namespace) -> int:
    """Print what a release added, withdrew and changed compared with another, by source."""
    from pipelines.publish.releases import compare_releases
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.settings import load_settings

    compared = compare_releases(options.old, options.new, load_settings(options.data))
    if options.json:
        print_json({"sources": compared.sources, "largest_changes": compared.largest})
        return EXIT_DONE
    print_table(
        list(compared.sources[0]),
        [list(row.values()) for row in compared.sources],
        title=f"Cells of {options.new} compared with {options.old}",
    )
    if compared.largest:
        columns, shared = _columns_that_differ(compared.largest)
        print_line()
        print_table(
            [_SHORT.get(name, name) for name in columns],
            [[row[name] for name in columns] for row in compared.largest],
            title=f"Largest changes of a count{shared}",
        )
    return EXIT_DONE


def restore_command(options: argparse.Namespace) -> int:
    """Replace the published file with a kept release."""
    from pipelines.publish.releases import restore_release
    from pipelines.system.errors import EXIT_DONE
    from pipelines.system.lock import writing
    from pipelines.system.settings import load_settings

    settings = load_settings(options.data)
    with writing(settings, options.wait):
        restored = restore_release(options.release, settings)
    if options.json:
        print_json({"release": restored.release, "published": settings.published})
    else:
        print_line(f"{settings.published} is now release {restored.release}")
        print_line("it stays published until a run has data, declarations or code that are not in the newest release")
    return EXIT_DONE


def _columns_that_differ(rows: list[dict[str, Any]]) -> tuple[list[str], str]:
    """Return the columns that differ between rows, and a text of the values that all rows share, without totals."""
    columns = [name for name in rows[0] if any(row[name] not in ("_T", "_Z") for row in rows)]
    shared = [
        name
        for name in columns
        if len(rows) > 1 and isinstance(rows[0][name], str) and len({row[name] for row in rows}) == 1
    ]
    words = ", ".join(f"{name.replace('_', ' ')} {rows[0][name]}" for name in shared)
    return [name for name in columns if name not in shared], f" ({words})" if words else ""
