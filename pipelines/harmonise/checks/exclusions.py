"""Check on exclusions: a row may be left out as a repetition only if its count really is in another row."""

from __future__ import annotations

import duckdb

from pipelines.harmonise.statements import Grain
from pipelines.system.connection import column_names, run_sql
from pipelines.system.outcomes import Outcome
from schemas.source import Source

_RULE = "excluded_alone"
_LEAST_BESIDE = 20
_MOST_ALONE_SHARE = 0.05
"""Figures that an exclusion must leave out beside a figure that counts, and the share of its figures that may be alone
for these to be the odd ones. In the sources shipped either a few are alone, and lost, or more than a tenth are: those
of towns, years or series that are left out as such."""


def check_exclusions(connection: duckdb.DuckDBPyConnection, source: Source, grain: Grain) -> Outcome:
    """Warn if an exclusion usually leaves out figures beside used ones, but in a few places leaves out the only figure.

    A rate, a total of the sexes or a second series is left out because the count of the same area, period and category
    is in another row. If it is not, a changed unit or label has put the count itself among the excluded rows.

    Args:
        connection: has ``tally_part``.
        source: the source.
        grain: of its rows; the count of an incident is never in another row.
    """
    if grain != "cell" or not source.exclusions:
        return Outcome.not_applicable(_RULE)
    columns = set(column_names(connection, "tally_part"))
    words = [name for name in ("ref_area_word", "national_code_word", "time_period_word") if name in columns]
    rows = run_sql(
        connection,
        "harmonise/excluded_alone",
        keys=", ".join(["ref_area_id", "period", *({"code_id"} & columns)]),
        words=f"concat_ws(' ', {', '.join(words)})",
    ).fetchall()
    odd = [
        (source.exclusions[exclusion - 1].rule, beside, alone, position, figure)
        for exclusion, beside, alone, position, figure in rows
        if alone and beside >= _LEAST_BESIDE and alone <= _MOST_ALONE_SHARE * (beside + alone)
    ]
    detail = "; ".join(
        f"{rule}: {alone:,} of {beside + alone:,} figures left out have none of the same area, period and category "
        f"that counts: {figure} ({_place(**position)})"
        for rule, beside, alone, position, figure in odd
    )
    failing = sum(alone for _, _, alone, *_ in odd)
    checked = sum(beside + alone for _, beside, alone, *_ in rows)
    return Outcome(_RULE, "warned" if odd else "passed", checked, failing, detail)


def _place(file: str, sheet: str | None, row: int) -> str:
    """The place of a figure, for people."""
    return ", ".join([file, *([f"sheet {sheet}"] if sheet else []), f"row {row}"])
