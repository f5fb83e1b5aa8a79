-- Rates beside the counts, of both sexes and all ages. Grain: one row for each country and year.
SELECT _row, iso3 AS ref_area, year AS time_period, 'HOMICIDE' AS national_code, 'victims' AS measure, "count", rate_per_100k AS rate, 100000 AS per
FROM raw
WHERE sex = 'Все' AND age_group = 'Все'
