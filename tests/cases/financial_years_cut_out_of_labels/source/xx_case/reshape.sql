-- Years as columns. Grain: one row for each raw row and year.
SELECT *, left(y, 4) AS year, y AS _column FROM raw UNPIVOT INCLUDE NULLS (n FOR y IN (COLUMNS('^20')))
