-- Grain of what is added: one row for each published cell of a year that is unchanged since the previous vintage.
-- reads: unchanged_year
-- writes: cells
INSERT INTO cells BY NAME
SELECT * EXCLUDE (caveats) REPLACE (coalesce(iccs, '') AS iccs)
FROM {{cells}}
WHERE left(time_period, 4) IN (FROM unchanged_year)
