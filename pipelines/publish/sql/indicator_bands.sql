-- Grain: one row for each source, area, year, stage, counting unit and sex with counts by age: its bands in order, with
-- counts and populations as lists (NULL where the bands do not fill all ages once, or have no population).
-- reads: out.rate, out.age, population_group
WITH cells AS (
    SELECT rate.*, lower_age, coalesce(upper_age, 200) AS upper_age
    FROM out.rate AS rate
    JOIN out.age ON age.code = rate.age
    WHERE {{counts}}
    QUALIFY {{preferred}}
),
aged AS (
    SELECT *,
        {{band}} AS band,
        coalesce(lag(upper_age) OVER (PARTITION BY {{series}} ORDER BY lower_age, upper_age), -1) + 1 = lower_age AS follows
    FROM cells
    WHERE lower_age IS NOT NULL
),
banded AS (
    SELECT {{series}}, band, min(lower_age) AS lower_age, max(upper_age) AS upper_age,
        CASE WHEN bool_and(value IS NOT NULL) THEN sum(value) END AS value,
        bool_and(follows AND band IS NOT NULL) AS fits,
        bool_or(coalesce(contains(caveats, 'population_of_parts_differs'), false)) AS other_people
    FROM aged
    GROUP BY ALL
),
found AS (
    SELECT banded.ref_area, banded.time_period, banded.sex, banded.band, groups.source, priority,
        sum(groups.population) AS population, bool_or(estimated) AS estimated,
        string_agg(DISTINCT population_caveats, ';') AS population_caveats
    FROM (SELECT DISTINCT ref_area, time_period, sex, band, lower_age, upper_age FROM banded WHERE fits) AS banded
    JOIN population_group AS groups
        ON NOT groups.is_incomplete AND groups.ref_area = banded.ref_area AND groups.time_period = banded.time_period AND groups.sex = banded.sex
        AND groups.lower_age >= banded.lower_age AND groups.upper_age <= banded.upper_age
    GROUP BY ALL
    HAVING sum(groups.upper_age - groups.lower_age + 1) = any_value(banded.upper_age - banded.lower_age + 1)
),
denominators AS (
    FROM found
    QUALIFY row_number() OVER (PARTITION BY ref_area, time_period, sex, band ORDER BY priority, source) = 1
),
series AS (
    SELECT {{series_of_banded}},
        list(band ORDER BY banded.lower_age) AS bands,
        list(value ORDER BY banded.lower_age) AS counts,
        list(population ORDER BY banded.lower_age) AS populations,
        bool_and(fits) AND max(banded.upper_age) = 200 AND count(*) = count(value)
            AND bool_and(coalesce(population > 0, false)) AS complete,
        bool_or(coalesce(estimated, false)) AS estimated_people, string_agg(DISTINCT population_caveats, ';') AS population_caveats,
        bool_or(other_people) AS other_people
    FROM banded
    LEFT JOIN denominators USING (ref_area, time_period, sex, band)
    GROUP BY ALL
    HAVING count(value) > 0
),
totals AS (
    SELECT {{series}}, area_level, iccs_made_from, value AS total, obs_status, completeness, caveats FROM cells WHERE age = '_T'
)
SELECT series.* EXCLUDE (estimated_people, population_caveats, other_people), totals.* EXCLUDE ({{series}}, obs_status, caveats),
    CASE WHEN estimated_people THEN out.weaker_status('E', obs_status) ELSE obs_status END AS obs_status,
    out.join_caveats(caveats, concat_ws(';', population_caveats, CASE WHEN other_people THEN 'population_of_parts_differs' END)) AS caveats
FROM series
JOIN totals USING ({{series}})
ORDER BY ALL
