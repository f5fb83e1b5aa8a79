-- Grain: one row for each raw row.
SELECT *, last_value(nullif(area, '') IGNORE NULLS) OVER (ORDER BY _row) AS place FROM raw
