-- Grain: one row for each month of an area in which enough categories have counts worth comparing: in how many of them it
-- is at least one and a half times the neighbouring months. One category may rise, and so may all violent crimes; but if all
-- categories double in one month and are as before in the next, the month was counted twice.
-- needs: months, {{least_categories}} categories
-- reads: given
WITH monthly AS (
    SELECT stage, counting_unit, iccs, ref_area, year, time_period, value, lag(value) OVER series AS before,
        lead(value) OVER series AS after
    FROM given
    WHERE freq = 'M' AND value IS NOT NULL
    WINDOW series AS (PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY time_period)
),
compared AS (
    SELECT *, value / ((before + after) / 2) AS times
    FROM monthly
    WHERE before >= {{least_count}} AND after >= {{least_count}}
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, CAST(any_value(year) AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    median(times) AS found, 1 AS expected,
    count(*) FILTER (times >= {{most_ratio}}) >= {{least_share}} * count(*) AS failing,
    compared.time_period || ': ' || round(median(times), 1) || ' times its neighbouring months, in '
        || count(*) FILTER (times >= {{most_ratio}}) || ' of ' || count(*) || ' categories' AS detail
FROM compared
GROUP BY stage, counting_unit, ref_area, compared.time_period
HAVING count(*) >= {{least_categories}}
