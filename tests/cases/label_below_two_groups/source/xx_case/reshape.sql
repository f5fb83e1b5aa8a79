-- Grain: one row for each raw row and year.
SELECT * FROM raw UNPIVOT INCLUDE NULLS (n FOR year IN (COLUMNS('^20')))
