-- Years are columns. Grain: one row for each raw row and year.
SELECT * REPLACE (replace(year, 'POB', '') AS year)
FROM raw UNPIVOT INCLUDE NULLS (persons FOR year IN (COLUMNS('^POB[0-9]{4}$')))
