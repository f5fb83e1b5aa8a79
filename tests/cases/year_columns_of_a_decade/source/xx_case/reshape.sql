-- Grain: a row for each raw row and year.
SELECT *, c AS _column FROM raw UNPIVOT INCLUDE NULLS (n FOR c IN (COLUMNS('^201[0-9]$')))
