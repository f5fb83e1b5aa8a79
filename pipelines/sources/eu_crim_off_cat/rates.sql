-- Counts (NR) and rates (P_HTHAB) are rows of one table. Grain: one row for each country, offence and year with both.
WITH cells AS (
    SELECT _row, year, trim(split_part(trim(content), ' ', 1)) AS cell,
        split_part("freq,iccs,unit,geo\TIME_PERIOD", ',', 2) AS iccs,
        split_part("freq,iccs,unit,geo\TIME_PERIOD", ',', 3) AS unit,
        split_part("freq,iccs,unit,geo\TIME_PERIOD", ',', 4) AS geo
    FROM raw UNPIVOT INCLUDE NULLS (content FOR year IN (COLUMNS('^[0-9]{4}$')))
)
SELECT printed._row, counted.geo AS ref_area, counted.year AS time_period, counted.iccs AS national_code, 'NR' AS measure,
    counted.cell AS count, printed.cell AS rate, '100000' AS per
FROM cells AS counted
JOIN cells AS printed ON printed.unit = 'P_HTHAB' AND printed.iccs = counted.iccs AND printed.geo = counted.geo
    AND printed.year = counted.year
WHERE counted.unit = 'NR'
