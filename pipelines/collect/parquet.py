"""Parquet files from outside: their columns, and their values as text."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.collect.acquire import RawFile
from pipelines.collect.decode import refuse


def read_parquet_schema(source_id: str, file: RawFile) -> pa.Schema:
    """Return the columns of a Parquet file.

    Raises:
        DataRefused: it is none, or not whole.
    """
    try:
        return pq.read_schema(file.path)
    except (pa.ArrowException, OSError) as error:
        found = f"The file is no whole Parquet file ({str(error).splitlines()[0]})."
        raise refuse(source_id, file, "file_not_readable", found) from error


def texts_of(schema: pa.Schema) -> list[str]:
    """Return the SQL of each column as text, of a table whose columns are called c0, c1, c2 ...

    By place, as DuckDB takes names that differ in case for the same. Whole numbers have no fraction, also decimals; an
    empty text is NULL, as in a text file.

    >>> texts_of(pa.schema([("year", pa.int64())]))
    ["nullif(c0::VARCHAR, '')"]
    """
    texts = []
    for number, kind in enumerate(schema.types):
        text = f"c{number}::VARCHAR"
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            whole = f"CASE WHEN c{number} = trunc(c{number}) THEN TRY_CAST(c{number} AS DECIMAL(38, 0)) END"
            text = f"coalesce({whole}::VARCHAR, {text})"
        elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            text = f"coalesce(TRY(decode(c{number})), {text})"
        texts.append(f"nullif({text}, '')")
    return texts
