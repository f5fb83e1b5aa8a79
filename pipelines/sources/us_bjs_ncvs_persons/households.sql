-- Grain: one row for each household and quarter, interviewed or not.
-- reads: raw
SELECT *, left(YEARQ, 4) AS year
FROM raw
