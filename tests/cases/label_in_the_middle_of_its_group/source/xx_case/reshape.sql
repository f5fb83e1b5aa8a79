-- Grain: one row for each raw row, year and sex.
SELECT *, c AS _column, left(c, 4) AS year, substr(c, 8) AS sex FROM raw UNPIVOT INCLUDE NULLS (n FOR c IN (COLUMNS('^20[0-9][0-9]')))
