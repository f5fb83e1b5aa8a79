-- Grain: at most one row: an area and period with several figures of a measure of persons on a day, how many figures, and
-- the first row of them.
-- reads: core
SELECT CAST(ref_area AS VARCHAR) AS area, {{period}} AS whole, count(DISTINCT time_period) AS days, {{place}}
FROM core
WHERE measure = {{measure}} AND CAST(freq AS VARCHAR) <> {{freq}} AND value IS NOT NULL
GROUP BY ALL
HAVING count(DISTINCT time_period) > 1
ORDER BY area, whole
LIMIT 1
