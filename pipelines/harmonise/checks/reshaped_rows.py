"""That reshape.sql leaves each row of a file of incidents one row, judged on its first rows."""

from __future__ import annotations

from pipelines.collect.acquire import RawFile
from pipelines.collect.definition_sql import sql_limits
from pipelines.collect.failed_sql import telling_of_sql
from pipelines.collect.text_table import TextTable
from pipelines.harmonise.engine import text_query
from pipelines.system.connection import connect, fetch_row
from pipelines.system.errors import DataRefused, Problem
from pipelines.system.settings import Settings
from schemas.source import SourceFolder

_ROWS_TRIED = 1000


def check_reshaped_rows(folder: SourceFolder, file: RawFile, table: TextTable, settings: Settings) -> None:
    """Refuse a reshape that makes several rows of one, or none: the rows of incidents are counted, and accounted for.

    Args:
        folder: the source.
        file: one of its files.
        table: how the file is read.
        settings: where data live.

    Raises:
        DataRefused: among the first rows of the file one becomes several, or none.
    """
    layout = folder.source.layouts[file.layout]
    reshape, statement = folder.reshape_name(layout), folder.reshape(layout)
    if statement is None:
        return
    with (
        connect(settings) as connection,
        sql_limits(folder, connection, settings),
        telling_of_sql(folder, reshape, files=[file.name]),
    ):
        connection.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        first = f"SELECT * FROM ({text_query(table, {}, numbered=True)}) LIMIT {_ROWS_TRIED}"
        connection.execute(f"CREATE OR REPLACE TEMP TABLE raw AS {first}")
        rows, made, number, times = fetch_row(
            connection,
            "SELECT (SELECT count(*) FROM raw), count(*), arg_max(_number, (times, -_number)), max(times) "
            f"FROM (SELECT _number, count(*) AS times FROM ({statement}) GROUP BY _number)",
        )
    header = table.header_rows if table.format == "csv" else 0
    if times is not None and times > 1:
        found = f"{reshape} makes {times:,} rows of this one. In a file of incidents each row stays one row."
        raise DataRefused(
            [Problem("reshape_multiplied_rows", folder.source_id, found, file=file.name, row=header + number)]
        )
    if made < rows:
        found = f"Of the first {rows:,} rows, {rows - made:,} do not come out of {reshape}."
        raise DataRefused([Problem("reshape_lost_rows", folder.source_id, found, file=file.name)])
