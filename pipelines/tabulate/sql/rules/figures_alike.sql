-- Grain: one row for each two national codes, or men and women of a code, whose figures are the same: everywhere, in all
-- years of an area, or in all areas of a year; and one for all figures compared. Figures of ten and more are equal by
-- chance in fewer than one in ten places, so in eight of eight never. A category and one inside it may well have the same
-- figures.
-- reads: core
WITH figure AS (
    SELECT stage, counting_unit, national_code AS code, ref_area, time_period, sex, age, min(iccs) AS iccs,
        sum(value) AS value
    FROM core
    GROUP BY ALL
    HAVING sum(value) >= {{least_count}} AND count(value) = count(*)
),
alike AS (  -- of many codes, few pairs have figures in common: only these are compared everywhere
    SELECT one.stage, one.counting_unit, one.code AS one, other.code AS other
    FROM figure AS one
    JOIN figure AS other USING (stage, counting_unit, ref_area, time_period, sex, age, value)
    WHERE one.code < other.code AND (one.iccs = other.iccs
        OR NOT (starts_with(one.iccs, other.iccs) OR starts_with(other.iccs, one.iccs)))
    GROUP BY ALL
    HAVING count(DISTINCT value) >= {{least_figures}}
),
pair AS (
    SELECT stage, counting_unit, alike.one, alike.other, one.iccs, other.iccs AS iccs_other, ref_area,
        left(time_period, 4) AS year, one.value, one.value = other.value AS is_alike
    FROM alike
    JOIN figure AS one USING (stage, counting_unit)
    JOIN figure AS other USING (stage, counting_unit, ref_area, time_period, sex, age)
    WHERE one.code = alike.one AND other.code = alike.other
    UNION ALL
    SELECT men.stage, men.counting_unit, 'men of ' || men.code, 'women of ' || men.code, men.iccs, women.iccs, ref_area,
        left(time_period, 4), men.value, men.value = women.value
    FROM figure AS men
    JOIN figure AS women USING (stage, counting_unit, code, ref_area, time_period, age)
    WHERE men.sex = 'M' AND women.sex = 'F'
),
together AS (
    SELECT stage, counting_unit, one, other, iccs, iccs_other, ref_area, year, count(*) AS figures,
        count(*) FILTER (is_alike) AS alike, max(value) FILTER (is_alike) AS largest
    FROM pair
    GROUP BY GROUPING SETS (
        (stage, counting_unit, one, other, iccs, iccs_other),
        (stage, counting_unit, one, other, iccs, iccs_other, ref_area),
        (stage, counting_unit, one, other, iccs, iccs_other, year)
    )
    HAVING count(DISTINCT value) FILTER (is_alike) >= {{least_figures}} AND alike >= {{least_share}} * figures
),
found AS (
    SELECT *
    FROM together
    QUALIFY (ref_area IS NULL AND year IS NULL)
        OR count(*) FILTER (ref_area IS NULL AND year IS NULL) OVER (PARTITION BY stage, counting_unit, one, other) = 0
)
SELECT stage, counting_unit, unnest(list_distinct([iccs, iccs_other])) AS iccs, ref_area, year AS time_period, NULL AS sex,
    NULL AS age, CAST(alike AS DOUBLE) AS found, NULL::DOUBLE AS expected, true AS failing,
    one || ' and ' || other || ' have the same figures in ' || alike || ' of ' || figures
        || ' places and periods, such as ' || CAST(largest AS BIGINT) AS detail, 1 AS things
FROM found
UNION ALL BY NAME
SELECT stage, counting_unit, false AS failing, count(*) AS things
FROM figure
GROUP BY stage, counting_unit
HAVING count(*) >= {{least_figures}} AND (count(DISTINCT code) > 1 OR count(DISTINCT sex) > 1)
