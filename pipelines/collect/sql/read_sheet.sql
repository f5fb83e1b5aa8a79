-- Grain: one row for each filled row of the sheets between header and foot, as text; _row as the spreadsheet shows it. A
-- column that a sheet lacks is NULL in its rows.
-- reads: sheet_rows
COPY (
    SELECT {{file}} AS _file, _sheet, _row, {{columns}}
    FROM sheet_rows
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
