-- Grain of unchanged_year: one row for each year that is unchanged since the previous vintage. Grain of period_to_make: one row for each
-- code of a period in another year.
-- reads: year_list
-- writes: unchanged_year, period_to_make
CREATE TEMP TABLE unchanged_year AS FROM year_list;
CREATE TEMP TABLE period_to_make AS
SELECT time_period
FROM (SELECT unnest(enum_range(NULL::time_period_code)) AS time_period)
WHERE left(CAST(time_period AS VARCHAR), 4) NOT IN (FROM unchanged_year)
