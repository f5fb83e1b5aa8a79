-- Grain: one row for each raw row.
SELECT * REPLACE (left(quarter, 4) || '-Q' || right(quarter, 1) AS quarter) FROM raw
