-- Grain of what is added: one row for each published cell of a year that is as in the vintage before.
INSERT INTO cells BY NAME
SELECT * EXCLUDE (caveats) REPLACE (coalesce(iccs, '') AS iccs)
FROM {{cells}}
WHERE left(time_period, 4) IN (FROM kept_year)
