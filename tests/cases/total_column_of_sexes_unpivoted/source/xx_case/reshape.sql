-- Grain: a row for each raw row and column.
SELECT *, left(c, 4) AS y, c AS _column FROM raw UNPIVOT INCLUDE NULLS (n FOR c IN (COLUMNS('^20')))
