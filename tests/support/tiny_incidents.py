"""What the rules on a source as a whole say of a few rows of homicides, one row for each victim."""

from __future__ import annotations

from tiny_source import Tiny

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.outcomes import Outcome


def outcomes(
    tiny: Tiny,
    columns: str,
    header: str,
    rows: list[str],
    *,
    more: str = "",
    layout: str = "",
    reshape: str | None = None,
    values: str = "",
    file: str = "a.csv",
) -> dict[str, Outcome]:
    """All rules on incidents of homicide with these columns besides area and code."""
    tiny.declare(
        f"kind: incident\nlayouts:\n  - files: ['*.csv']\n    read: {{columns: [area, code]}}\n{layout}"
        f"area_scheme: inegi\ncolumns: {{ref_area: area, national_code: code, {columns}}}\nrows: events\n"
        "measures: {victims: {counting_unit: victim}}\n" + more,
        reshape=reshape,
        values=values,
    )
    tiny.give(file, "\n".join([header, *rows]) + "\n")
    source, settings = tiny.source, tiny.settings
    incidents = tally(source, acquire(source, settings, tiny.given), settings, tiny.work)
    with connect(settings) as connection:
        return {one.rule: one for one in account(source, incidents, connection, settings, tiny.work).outcomes}
