-- Grain: one row for each year with enough figures that the year before has too, all areas together: how many of its
-- observations are those of the year before. That of two counts of twenty or more, each as large as the other by chance,
-- one is the other comes about once in sixteen.
-- needs: 2 years
-- reads: core
WITH figure AS (
    SELECT * REPLACE (coalesce(CAST(national_code AS VARCHAR), '') AS national_code),
        CAST(left(time_period, 4) AS INTEGER) AS year, substr(time_period, 5) AS part
    FROM (  -- codes are grouped as such, far quicker than what is made of their texts
        SELECT stage, counting_unit, national_code, ref_area, sex, age, time_period, sum(value) AS value
        FROM core
        GROUP BY ALL
        HAVING sum(value) >= {{least_count}}
    )
)
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, CAST(now.year AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    count(*) FILTER (now.value = before.value) AS found, 0 AS expected,
    found >= {{least_share}} * count(*) AND count(DISTINCT ref_area) FILTER (now.value = before.value) >= {{least_areas}}
        AS failing,
    found || ' of ' || count(*) || ' figures equal those of ' || any_value(before.year) AS detail
FROM figure AS now
JOIN figure AS before USING (stage, counting_unit, national_code, ref_area, sex, age, part)
WHERE before.year = now.year - 1
GROUP BY stage, counting_unit, now.year
HAVING count(*) >= {{least_figures}}
