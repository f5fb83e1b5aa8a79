"""What the commands ``iccs releases list|diff|restore`` do, and how they print it."""

from __future__ import annotations

from typing import Any

from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.publish.releases import compare_releases, history, kept_releases, read_release, restore_release
from pipelines.system.errors import EXIT_DONE
from pipelines.system.lock import writing
from pipelines.system.settings import load_settings

_SHORT = {"ref_area": "area", "time_period": "period", "counting_unit": "unit", "old_value": "old", "new_value": "new"}
"""Names of columns short enough for a terminal."""


def list_command(data: str | None, as_json: bool) -> int:
    """Print a line for each release, oldest first: what it held, whether it is published and still kept."""
    settings = load_settings(data)
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
    if as_json:
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


def diff_command(old: str, new: str, data: str | None, as_json: bool) -> int:
    """Print what a release added, withdrew and changed against another, by source."""
    compared = compare_releases(old, new, load_settings(data))
    if as_json:
        print_json({"sources": compared.sources, "largest_changes": compared.largest})
        return EXIT_DONE
    print_table(
        list(compared.sources[0]),
        [list(row.values()) for row in compared.sources],
        title=f"Cells of {new} against {old}",
    )
    if compared.largest:
        columns, alike = _telling(compared.largest)
        print_line()
        print_table(
            [_SHORT.get(name, name) for name in columns],
            [[row[name] for name in columns] for row in compared.largest],
            title=f"Largest changes{alike}",
        )
    return EXIT_DONE


def restore_command(release: str, wait_seconds: float, data: str | None, as_json: bool) -> int:
    """Put a kept release in the place of the published file."""
    settings = load_settings(data)
    with writing(settings, wait_seconds):
        restored = restore_release(release, settings)
    if as_json:
        print_json({"release": restored.release, "published": settings.published})
    else:
        print_line(f"{settings.published} is now release {restored.release}")
        print_line("it stays until a run has figures, declarations or a program that the newest release does not have")
    return EXIT_DONE


def _telling(rows: list[dict[str, Any]]) -> tuple[list[str], str]:
    """Return the columns that differ between lines, and in words those that are alike in all; totals say nothing."""
    columns = [name for name in rows[0] if any(row[name] not in ("_T", "_Z") for row in rows)]
    alike = [
        name
        for name in columns
        if len(rows) > 1 and isinstance(rows[0][name], str) and len({r[name] for r in rows}) == 1
    ]
    words = ", ".join(f"{name.replace('_', ' ')} {rows[0][name]}" for name in alike)
    return [name for name in columns if name not in alike], f" ({words})" if words else ""
