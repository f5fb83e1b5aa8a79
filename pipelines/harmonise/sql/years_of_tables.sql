-- Grain: one row for each file, and sheet, with observations: the years that they are of, and those with annual figures.
-- reads: core
WITH named AS (
    SELECT DISTINCT _file, _sheet, left(CAST(time_period AS VARCHAR), 4) AS year, freq = 'A' AS is_annual FROM core
)
SELECT _file, _sheet, list(DISTINCT year ORDER BY year), list(DISTINCT year ORDER BY year) FILTER (is_annual)
FROM named
GROUP BY ALL
