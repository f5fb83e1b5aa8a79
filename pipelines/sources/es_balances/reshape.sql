-- Years are columns (the quarters beside them are not used: differences of cumulated figures, some negative). The place is
-- the province, or in rows without one the community or country.
-- Grain: one row for each raw row and year.
SELECT * REPLACE (right(year, 4) AS year), coalesce(Provincia, Comunidad) AS place
FROM raw UNPIVOT INCLUDE NULLS (offences FOR year IN (COLUMNS('^Enero-diciembre 20[0-9]{2}$')))
