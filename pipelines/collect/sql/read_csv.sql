-- Grain: one row for each record of the file below its header, as text; _row is the line where it begins, counted from 1
-- at the top of the file as an editor shows it: blank lines, which the reader skips, and line ends inside quotes are
-- counted. A row of delimiters only holds nothing: it is a blank line as spreadsheets save it.
-- reads: extra_line
COPY (
    SELECT
        {{file}} AS _file,
        NULL::VARCHAR AS _sheet,
        {{skip}} + "number of record" + coalesce(extra_line.extra, 0) AS _row,
        record.* EXCLUDE ("number of record")
    FROM (
        SELECT row_number() OVER () AS "number of record", *
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
    ) AS record
    ASOF LEFT JOIN extra_line ON record."number of record" >= extra_line.first
    WHERE coalesce({{names}}) IS NOT NULL
    ORDER BY "number of record"
) TO {{target}} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 16384)
