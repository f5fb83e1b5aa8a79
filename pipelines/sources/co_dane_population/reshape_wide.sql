-- Years are columns. Grain: one row for each raw row and year.
FROM raw UNPIVOT INCLUDE NULLS (poblacion FOR year IN (COLUMNS('^[0-9]{4}$')))
