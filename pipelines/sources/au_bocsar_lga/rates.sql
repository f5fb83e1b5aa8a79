-- Rates beside the counts. Grain: one row for each sheet, local government area and year.
WITH long AS (
    SELECT _file, _sheet, _row, "Local Government Area" AS area, left(name, 4) AS year, split_part(name, ' | ', 2) AS what, number
    FROM raw UNPIVOT INCLUDE NULLS (number FOR name IN (COLUMNS('^20[0-9]{2} . (Total|Rate per 100,000 population)$')))
)
SELECT any_value(_row) AS _row, area AS ref_area, year AS time_period, _sheet AS national_code, 'incidents' AS measure,
    any_value(number) FILTER (what = 'Total') AS count, any_value(number) FILTER (what <> 'Total') AS rate, 100000 AS per
FROM long
GROUP BY _file, _sheet, _row, area, year
