-- Grain: one row for each raw row.
SELECT *, left(year, 4) AS of_year FROM raw
