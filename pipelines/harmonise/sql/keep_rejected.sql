-- Grain: one row for each cell and rule it breaks, with the row it comes from as it was read (field names and texts).
-- reads: rejected
COPY (
    WITH texts AS (
        {{texts}}
    )
    SELECT rejected.cell, rejected._file AS file, rejected._sheet AS sheet, rejected._row AS "row", texts.raw_text,
        rejected.column_name, rejected.bad_value AS value, rejected.rule
    FROM rejected
    LEFT JOIN texts ON texts._row = rejected._row AND texts._file = rejected._file
        AND texts._sheet IS NOT DISTINCT FROM rejected._sheet
    ORDER BY rejected.cell, rejected.rule
) TO {{target}} (FORMAT parquet, KV_METADATA { {{received}} })
