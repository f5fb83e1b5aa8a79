-- Grain: one row for each filled row of the sheet between header and foot, as text; _row as the spreadsheet shows it.
-- reads: sheet_rows
COPY (
    SELECT {{file}} AS _file, {{sheet}} AS _sheet, _row, {{columns}}
    FROM sheet_rows
) TO {{target}} (FORMAT parquet, COMPRESSION snappy)
