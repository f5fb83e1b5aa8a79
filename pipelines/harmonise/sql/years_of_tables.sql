-- Grain: one row for each file, and sheet, with observations: the years that they are of.
-- reads: core
WITH named AS (
    SELECT DISTINCT _file, _sheet, left(CAST(time_period AS VARCHAR), 4) AS year FROM core
)
SELECT _file, _sheet, list(DISTINCT year ORDER BY year) FROM named GROUP BY ALL
