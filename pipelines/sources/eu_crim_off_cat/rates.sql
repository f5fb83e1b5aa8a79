-- Counts (NR) and rates (P_HTHAB) are rows of one table. Grain: one row for each rate, also if its count is absent.
WITH cells AS (
    SELECT _row, year, trim(split_part(trim(content), ' ', 1)) AS cell,
        split_part("freq,iccs,unit,geo\TIME_PERIOD", ',', 2) AS iccs,
        split_part("freq,iccs,unit,geo\TIME_PERIOD", ',', 3) AS unit,
        split_part("freq,iccs,unit,geo\TIME_PERIOD", ',', 4) AS geo
    FROM raw UNPIVOT INCLUDE NULLS (content FOR year IN (COLUMNS('^[0-9]{4}$')))
)
SELECT printed._row, printed.geo AS ref_area, printed.year AS time_period, printed.iccs AS national_code, 'NR' AS measure,
    counted.cell AS count, printed.cell AS rate, '100000' AS per
FROM cells AS printed
LEFT JOIN cells AS counted ON counted.unit = 'NR' AND counted.iccs = printed.iccs AND counted.geo = printed.geo
    AND counted.year = printed.year
WHERE printed.unit = 'P_HTHAB'
