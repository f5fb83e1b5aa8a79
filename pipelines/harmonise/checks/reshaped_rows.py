"""Check on reshape.sql for incidents: each row must remain one row. It is tried on the first rows of a file."""

from __future__ import annotations

from pipelines.collect.failed_sql import refused_if_sql_fails
from pipelines.harmonise.checks.incident_file import IncidentFile
from pipelines.system.connection import fetch_row
from pipelines.system.errors import DataRefused, Problem

_ROWS_TRIED = 1000


def check_reshaped_rows(file: IncidentFile) -> None:
    """Refuse a reshape that turns a row into several or drops it: each incident is counted once and accounted for.

    Raises:
        DataRefused: it does so with one of the first rows of the file.
    """
    reshape, statement = file.folder.reshape_name(file.layout), file.reshape
    if statement is None:
        return
    name = file.file.name
    with file.connection() as connection, refused_if_sql_fails(file.folder, reshape, files=[name]):
        connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        first = f"SELECT * FROM ({file.numbered_rows()}) LIMIT {_ROWS_TRIED}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {first}")
        rows, made, number, times = fetch_row(
            connection,
            "SELECT (SELECT count(*) FROM raw), count(*), arg_max(_number, (times, -_number)), max(times) "
            f"FROM (SELECT _number, count(*) AS times FROM ({statement}) GROUP BY _number)",
        )
    if times is not None and times > 1:
        found = f"{reshape} makes {times:,} rows of this one. In a file of incidents each row stays one row."
        raise DataRefused(
            [
                Problem(
                    "reshape_multiplied_rows",
                    file.folder.source_id,
                    found,
                    file=name,
                    row=file.table.rows_above + number,
                )
            ]
        )
    if made < rows:
        found = f"Of the first {rows:,} rows, {rows - made:,} do not come out of {reshape}."
        raise DataRefused([Problem("reshape_lost_rows", file.folder.source_id, found, file=name)])
