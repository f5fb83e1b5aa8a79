-- The year in which each begins. Grain: one row for each raw row.
SELECT * REPLACE (CAST(CAST(year AS INTEGER) - 1 AS VARCHAR) AS year) FROM raw
