-- Quarters are judged as months are, the first as January.
-- Grain: one row for each measure with months or quarters: how often a figure rises or falls from one month to the next of a year,
-- how often January is below December, and the figures of the first and last months of all years together, with what
-- the last would be if months were added up.
-- reads: core
WITH monthly AS (
    SELECT {{keys}}, CASE freq WHEN 'M' THEN 12 ELSE 4 END AS in_year,
        in_year * CAST(left(CAST(time_period AS VARCHAR), 4) AS INTEGER)
        + CAST(ltrim(substr(CAST(time_period AS VARCHAR), 6), 'Q') AS INTEGER) - 1 AS point, sum(value) AS value
    FROM {{observations}}
    WHERE freq IN ('M', 'Q') AND value IS NOT NULL
    GROUP BY ALL
),
-- A join on the month before, and no window: sorting by all keys takes several times as long.
step AS (
    SELECT now.measure, now.point % now.in_year = 0 AS is_january, now.value, earlier.value AS before
    FROM monthly AS now
    JOIN monthly AS earlier ON earlier.point = now.point - 1 AND {{same_series}}
),
of_measure AS (
    SELECT measure,
        count(*) FILTER (NOT is_january) AS steps,
        count(*) FILTER (NOT is_january AND value > before) AS rises,
        count(*) FILTER (NOT is_january AND value < before) AS falls,
        count(*) FILTER (is_january AND before > 0) AS januaries,
        count(*) FILTER (is_january AND before > 0 AND value < before) AS lower
    FROM step
    GROUP BY measure
    HAVING steps > 0
),
of_year AS (
    SELECT measure, arg_min(value, point) AS first, arg_max(value, point) AS last, count(*) AS months
    FROM monthly
    GROUP BY {{keys}}, in_year, point // in_year
    HAVING months > 1
),
of_years AS (
    SELECT measure, sum(first) AS first, sum(last) AS last, sum(first * months) AS expected
    FROM of_year
    GROUP BY measure
)
SELECT CAST(measure AS VARCHAR) AS measure, steps, rises, falls, januaries, lower, first, last, expected
FROM of_measure
JOIN of_years USING (measure)
ORDER BY measure
