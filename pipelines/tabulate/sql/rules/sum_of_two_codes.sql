-- Grain: one row for each national code that is the sum of two others in the place with the most codes: in how many places
-- and periods that give all three it is. Of figures of ten and more by chance in about one of twenty, so in twelve of twelve
-- never. Where a category is declared to hold those inside it, the sum of those is meant.
-- needs: 3 codes
-- reads: core
WITH figure AS (
    SELECT stage, counting_unit, national_code AS code, ref_area, time_period, sex, age, min(iccs) AS iccs,
        sum(value) AS value
    FROM core
    GROUP BY ALL
    HAVING sum(value) >= {{least_count}} AND count(value) = count(*)
),
fullest AS (
    SELECT stage, counting_unit, ref_area, time_period, sex, age
    FROM figure
    GROUP BY stage, counting_unit, ref_area, time_period, sex, age
    QUALIFY row_number() OVER (PARTITION BY stage, counting_unit ORDER BY count(*) DESC, sum(value) DESC, ref_area,
        time_period, sex, age) = 1
),
given AS (
    SELECT figure.*
    FROM figure
    SEMI JOIN fullest USING (stage, counting_unit, ref_area, time_period, sex, age)
),
candidate AS (
    SELECT whole.stage, whole.counting_unit, whole.iccs, whole.code AS whole, one.code AS part, other.code AS other
    FROM given AS one
    JOIN given AS other ON other.stage = one.stage AND other.counting_unit = one.counting_unit AND other.code > one.code
    JOIN given AS whole ON whole.stage = one.stage AND whole.counting_unit = one.counting_unit
        AND whole.value = one.value + other.value
    WHERE NOT ({{include_children}} AND starts_with(one.iccs, whole.iccs) AND starts_with(other.iccs, whole.iccs))
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    avg(CAST(total = first_part + second_part AS INTEGER)) AS found, {{least_share}} AS expected,
    found >= {{least_share}} AS failing,
    whole || ' equals ' || part || ' plus ' || other || ' in ' || round(100 * found, 1) || ' % of ' || count(*)
        || ' places and periods, such as ' || CAST(max(total) AS BIGINT) AS detail
FROM candidate
JOIN (SELECT * EXCLUDE (iccs) RENAME (code AS whole, value AS total) FROM figure) AS total
    USING (stage, counting_unit, whole)
JOIN (SELECT * EXCLUDE (iccs) RENAME (code AS part, value AS first_part) FROM figure) AS one
    USING (stage, counting_unit, part, ref_area, time_period, sex, age)
JOIN (SELECT * EXCLUDE (iccs) RENAME (code AS other, value AS second_part) FROM figure) AS two
    USING (stage, counting_unit, other, ref_area, time_period, sex, age)
GROUP BY stage, counting_unit, candidate.iccs, whole, part, other
HAVING count(*) >= {{least_checked}}
