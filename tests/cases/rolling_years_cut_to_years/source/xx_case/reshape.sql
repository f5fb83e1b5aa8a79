-- Grain: one row for each raw row.
SELECT *, right(year, 4) AS jahr FROM raw
