-- Half-years are added up. Grain: one row for each raw row.
SELECT *, left(year, 4) AS jahr FROM raw
