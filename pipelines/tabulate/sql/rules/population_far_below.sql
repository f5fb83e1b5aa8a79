-- Grain: one row for each region with a population, and the middle one of the regions of its country.
-- needs: {{least_areas}} areas
-- reads: series
WITH region AS (
    SELECT stage, counting_unit, iccs, ref_area, left(CAST(ref_area AS VARCHAR), 2) AS country, median(value) AS usual
    FROM series
    WHERE area_level = 'admin1' AND value > 0
    GROUP BY ALL
),
compared AS (
    SELECT *, median(usual) OVER regions AS middle, count(*) OVER regions AS regions
    FROM region
    WINDOW regions AS (PARTITION BY stage, counting_unit, country)
)
SELECT stage, counting_unit, iccs, ref_area, NULL AS time_period, NULL AS sex, NULL AS age, usual AS found,
    middle AS expected, usual * {{times}} < middle AS failing,
    CAST(usual AS BIGINT) || ' persons, the median of ' || regions || ' regions is ' || CAST(middle AS BIGINT) AS detail
FROM compared
WHERE regions >= {{least_areas}}
