-- Grain: one row for each cell and rule it breaks.
-- reads: rejected
COPY (
    SELECT cell, _file, _sheet, _row, rule, column_name, bad_value, number
    FROM rejected
) TO {{target}} (FORMAT parquet, COMPRESSION zstd)
