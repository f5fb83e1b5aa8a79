-- Grain: one row for each series as given (area and category), with the years it should have between first and last.
-- reads: given
WITH years AS (
    SELECT stage, counting_unit, iccs, ref_area, year, sum(value) AS value
    FROM given
    GROUP BY ALL
    HAVING count(value) > 0
),
-- Steps between years that the source as a whole takes: a source of every fifth year has no gaps of four.
steps AS (
    SELECT year, lag(year) OVER (ORDER BY year) AS before, row_number() OVER (ORDER BY year) AS number
    FROM (SELECT DISTINCT year FROM given)
),
lagged AS (
    SELECT years.*, lag(year) OVER series AS before, number - lag(number) OVER series > 1 AS is_gap
    FROM years
    JOIN (SELECT year, number FROM steps) USING (year)
    WINDOW series AS (PARTITION BY stage, counting_unit, iccs, ref_area ORDER BY year)
),
usual AS (
    SELECT stage, counting_unit, iccs, ref_area, median(value) AS value FROM years GROUP BY ALL
),
gaps AS (
    SELECT stage, counting_unit, iccs, ref_area, min(year) AS first_year, max(year) AS last_year, count(*) AS years,
        list(before || '-' || year ORDER BY year) FILTER (is_gap) AS missing
    FROM lagged
    GROUP BY ALL
),
whole AS (
    SELECT NULL AS stage, NULL AS counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex,
        NULL AS age, CAST(max(year - before) AS DOUBLE) AS found, min(year - before) AS expected,
        coalesce(max(year - before) > min(year - before), false) AS failing,
        'the whole source: nothing between ' || arg_max(before, year - before) || ' and '
            || arg_max(year, year - before) AS detail
    FROM steps
    WHERE before IS NOT NULL
)
SELECT stage, counting_unit, iccs, ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    CAST(years AS DOUBLE) AS found, NULL AS expected, missing IS NOT NULL AS failing,
    'nothing between ' || array_to_string(missing, ', ') AS detail
FROM gaps
JOIN usual USING (stage, counting_unit, iccs, ref_area)
WHERE usual.value >= {{least_count}} AND NOT {{events}}
UNION ALL BY NAME
FROM whole
