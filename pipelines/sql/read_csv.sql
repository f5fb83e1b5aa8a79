-- Grain: one row for each record of the file below its header, as text; _row counts from 1 at the top of the file.
COPY (
    SELECT
        {{file}} AS _file,
        NULL::VARCHAR AS _sheet,
        {{skip}} + row_number() OVER () AS _row,
        *
    FROM read_csv(
        {{path}},
        auto_detect = false,
        header = false,
        skip = {{skip}},
        delim = {{delimiter}},
        quote = '"',
        escape = '"',
        columns = { {{columns}} },
        store_rejects = true,
        rejects_limit = 1000
    )
) TO {{target}} (FORMAT parquet, COMPRESSION zstd)
