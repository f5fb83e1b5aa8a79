-- Grain: one row for each measure with months: how often a figure rises or falls from one month to the next of a year,
-- how often January is below December, and the figures of the first and last months of all years together, with what
-- the last would be if months were added up.
-- reads: core
WITH monthly AS (
    SELECT {{keys}}, CAST(left(CAST(time_period AS VARCHAR), 4) AS INTEGER) AS year,
        CAST(right(CAST(time_period AS VARCHAR), 2) AS INTEGER) AS month, sum(value) AS value
    FROM {{observations}}
    WHERE freq = 'M' AND value IS NOT NULL
    GROUP BY ALL
),
step AS (
    SELECT *, lag(value) OVER series AS before, lag(12 * year + month) OVER series = 12 * year + month - 1 AS is_next,
        month = min(month) OVER of_year AS is_first, month = max(month) OVER of_year AS is_last,
        count(*) OVER of_year AS months
    FROM monthly
    WINDOW series AS (PARTITION BY {{keys}} ORDER BY year, month), of_year AS (PARTITION BY {{keys}}, year)
)
SELECT CAST(measure AS VARCHAR) AS measure,
    count(*) FILTER (is_next AND month > 1) AS steps,
    count(*) FILTER (is_next AND month > 1 AND value > before) AS rises,
    count(*) FILTER (is_next AND month > 1 AND value < before) AS falls,
    count(*) FILTER (is_next AND month = 1 AND before > 0) AS januaries,
    count(*) FILTER (is_next AND month = 1 AND before > 0 AND value < before) AS lower,
    coalesce(sum(value) FILTER (is_first AND months > 1), 0) AS first,
    coalesce(sum(value) FILTER (is_last AND months > 1), 0) AS last,
    coalesce(sum(value * months) FILTER (is_first AND months > 1), 0) AS expected
FROM step
GROUP BY measure
HAVING steps > 0
ORDER BY measure
