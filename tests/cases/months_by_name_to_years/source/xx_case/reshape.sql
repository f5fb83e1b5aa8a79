-- Grain: one row for each raw row.
SELECT * FROM raw
