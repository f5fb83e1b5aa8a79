-- Grain: one row for each row of a Parquet file that holds anything, as text; _row counts from 1. Whole numbers are
-- written without a fraction, also where the file has them as decimal or floating point numbers.
COPY (
    SELECT {{file}} AS _file, NULL::VARCHAR AS _sheet, file_row_number + 1 AS _row, {{columns}}
    FROM read_parquet({{path}}, file_row_number = true, hive_partitioning = false) AS raw ({{places}}, file_row_number)
    WHERE coalesce({{texts}}) IS NOT NULL
) TO {{target}} (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 16384)
