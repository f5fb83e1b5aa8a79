-- Grain: one row for each raw row.
SELECT * REPLACE (CASE n WHEN '-' THEN '0' ELSE n END AS n) FROM raw
