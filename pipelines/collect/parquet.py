"""External Parquet files: their columns, and their values as text."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.collect.acquire import RawFile
from pipelines.collect.decode import refuse
from pipelines.system.errors import is_of_the_machine


def read_parquet_schema(source_id: str, file: RawFile) -> pa.Schema:
    """Return the columns of a Parquet file.

    Raises:
        DataRefused: it is not one, or incomplete or corrupt.
        OSError: it cannot be reached.
    """
    try:
        return pq.read_schema(file.path)
    except (pa.ArrowException, OSError) as error:
        if is_of_the_machine(error):
            raise
        found = f"The Parquet file is incomplete or corrupt ({str(error).splitlines()[0]})."
        raise refuse(source_id, file, "file_not_readable", found) from error


def text_of_column(column: str, kind: pa.DataType) -> str:
    """Return the SQL for a column of a Parquet file as text, the same for tables and incidents, in DuckDB and Spark.

    Whole numbers have no fraction, even if stored as floating point or decimal numbers: a code written 12.0 is 12. An
    empty text is NULL, as in a text file.

    Args:
        column: its name in SQL, quoted if necessary.
        kind: its type in the file.

    >>> text_of_column("year", pa.int64())
    'CAST(year AS STRING)'
    >>> text_of_column("code", pa.string())
    "nullif(CAST(code AS STRING), '')"
    """
    text = f"CAST({column} AS STRING)"
    if pa.types.is_integer(kind) or pa.types.is_temporal(kind) or pa.types.is_boolean(kind):
        return text
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        whole = f"CASE WHEN {column} = floor({column}) THEN TRY_CAST({column} AS DECIMAL(38, 0)) END"
        return f"coalesce(CAST({whole} AS STRING), {text})"
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        text = f"coalesce(TRY(decode({column})), {text})"
    return f"nullif({text}, '')"
