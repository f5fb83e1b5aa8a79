-- Years as columns become rows. Grain: one row for each raw row and year.
SELECT *, year AS _column FROM raw UNPIVOT INCLUDE NULLS (n FOR year IN (COLUMNS('^[0-9]{4}$')))
