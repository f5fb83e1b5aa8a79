-- Grain: one row for each national code with many steps from year to year in several areas: how many of them fall. Running
-- sums never fall, and their first figure is not many times a step; a count that rises everywhere and always, beginning
-- with almost nothing, is a running sum too. Sums that began long before the file cannot be distinguished from a rising
-- count.
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
