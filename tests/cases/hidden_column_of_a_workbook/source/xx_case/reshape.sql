-- Grain: one row for each raw row and year.
SELECT *, year AS _column FROM raw UNPIVOT INCLUDE NULLS (n FOR year IN (COLUMNS('^20[0-9][0-9]$')))
