-- Grain: one row for each national code with many steps from a year to the next in several areas: how many of them fall. In
-- running sums none does, and the first figure is not many times a step: a count that rises everywhere and always, from
-- almost nothing, is one. Sums that began long before the file cannot be told from a count that rises.
-- needs: 2 years, {{least_areas}} areas
-- reads: core
WITH figure AS (
    SELECT stage, counting_unit, national_code, iccs, ref_area, sex, age, CAST(time_period AS INTEGER) AS year,
        sum(value) AS value
    FROM core
    WHERE freq = 'A'
    GROUP BY ALL
    HAVING count(value) = count(*)
),
step AS (
    SELECT *, value - lag(value) OVER years AS risen, year - lag(year) OVER years AS years_on
    FROM figure
    WINDOW years AS (PARTITION BY stage, counting_unit, national_code, iccs, ref_area, sex, age ORDER BY year)
),
line AS (
    SELECT stage, counting_unit, national_code, iccs, ref_area, arg_min(value, year) AS first_value,
        count(risen) FILTER (years_on = 1) AS steps, count(*) FILTER (risen < 0) AS falls,
        median(risen) AS usual, max(value) AS last_value
    FROM step
    GROUP BY stage, counting_unit, national_code, iccs, ref_area, sex, age
    HAVING max(value) >= {{least_count}}
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age, sum(falls) AS found,
    sum(steps) / 2 AS expected, sum(falls) = 0 AND median(first_value / nullif(usual, 0)) <= {{most_first}} AS failing,
    'from one year to the next the figure falls in none of ' || sum(steps) || ' cases in ' || count(DISTINCT ref_area)
        || ' areas, and the first is ' || round(median(first_value / nullif(usual, 0)), 1) || ' times the usual increase' AS detail
FROM line
WHERE NOT {{events}}
GROUP BY stage, counting_unit, national_code, iccs
HAVING sum(steps) >= {{least_steps}} AND count(DISTINCT ref_area) >= {{least_areas}}
