"""Replicate weights of a survey: their columns, whether they are as declared, and the estimates from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase

import duckdb

from pipelines.system.connection import fetch_row, run_sql
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.sql import SqlValue, fill_sql
from schemas.definition.survey import Replicates

_MOST_OFF = 0.2
"""By what share the mean sum of the replicate weights may differ from the sum of the weights."""
_FEW_ZEROS = 0.25
"""Share of zero weights that a replicate never reaches unless it leaves out part of the sample."""
_LEAVING_OUT = ("brr", "jk1", "jk2", "jkn")
"""Methods whose replicates leave out a part of the sample by a weight of zero."""


def replicate_columns(replicates: Replicates, columns: Sequence[str], source_id: str, file: str) -> list[str]:
    """Return the columns of the replicate weights.

    Args:
        replicates: as declared.
        columns: of the records, after their reshape.
        source_id: for the message.
        file: with the records, for the message.

    Raises:
        DataRefused: there are not as many as declared.

    >>> replicate_columns(Replicates(weights="r*", number=2, method="sdr"), ["id", "r1", "r2"], "xx", "a.csv")
    ['r1', 'r2']
    """
    found = [name for name in columns if not name.startswith("_") and fnmatchcase(name, replicates.weights)]
    if len(found) != replicates.number:
        shown = f" ({found[0]} to {found[-1]})" if found else ""
        fault = f"{len(found):,} columns are named {replicates.weights}{shown}; {replicates.number:,} are declared."
        raise DataRefused([Problem("survey_replicates_number", source_id, fault, file, column=replicates.weights)])
    return found


def replicate_problems(
    connection: duckdb.DuckDBPyConnection,
    replicates: Replicates,
    columns: Sequence[str],
    source_id: str,
    place: Callable[[str, int], int],
) -> Iterator[Problem]:
    """Return what is wrong with the replicate weights of the sampled units.

    Args:
        connection: with the table ``sampled_unit``.
        replicates: as declared.
        columns: of the replicate weights, in the order in which they were read.
        source_id: for the messages.
        place: gives the row of a file at which a record is.
    """
    records, first, share, fewest, most = fetch_row(connection, fill_sql("harmonise/replicate_faults"))
    if records:
        found = f"Number of records with a replicate weight that is missing, negative or not a number: {records:,}."
        yield Problem(
            "survey_replicate_weight",
            source_id,
            f"{found} The location is that of the first.",
            first["file"],
            row=place(first["file"], first["number"]),
            column=columns[first["replicate"] - 1],
            value=first["word"],
            cells=records,
        )
        return
    fault = None
    if abs(share - 1) > _MOST_OFF:
        fault = (
            f"The replicate weights add up to {share:.3g} times the weights on average, but should add up to about "
            "the same"
        )
    elif replicates.method in _LEAVING_OUT and fewest == 0:
        fault = f"A replicate leaves nobody out, but every replicate does with method {replicates.method}"
    elif replicates.method not in _LEAVING_OUT and most > _FEW_ZEROS:
        fault = (
            f"A replicate leaves {100 * most:.0f} % of the sample out, but none does with method {replicates.method}"
        )
    if fault:
        yield Problem("survey_replicate_scale", source_id, f"{fault}.", column=replicates.weights)


def sum_replicates(connection: duckdb.DuckDBPyConnection, **parts: SqlValue) -> None:
    """Create the sums of every replicate by group: of sampled units, and of the events they experienced.

    Args:
        connection: with the tables ``sampled_unit`` and ``survey_event``.
        parts: the groups, as in the sums of primary sampling units.
    """
    run_sql(connection, "harmonise/replicate_units", **parts)
    run_sql(connection, "harmonise/replicate_events", **parts)
