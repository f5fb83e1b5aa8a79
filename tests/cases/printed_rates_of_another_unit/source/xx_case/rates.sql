-- Counts and rates are rows of one table. Grain: one row for each rate, also if its count is absent.
SELECT printed._row, printed.area AS ref_area, printed.year AS time_period, printed.offence AS national_code, 'cases' AS measure,
    counted.value AS count, printed.value AS rate, '100000' AS per
FROM raw AS printed
LEFT JOIN (FROM raw WHERE unit = 'number') AS counted USING (_file, area, year, offence)
WHERE printed.unit <> 'number'
