-- Grain: one row for each national code whose file divides its counts by age and has some of unknown age: in how many of its
-- areas and periods these are the sum of the same neighbouring bands (0-11 and 12-17), which is what a sub-total is.
-- needs: age
-- reads: core, age_bound
WITH unknown AS (
    SELECT stage, counting_unit, national_code AS code, ref_area, time_period, sex, any_value(iccs) AS iccs,
        sum(value) AS value
    FROM core
    WHERE age = '_U'
    GROUP BY stage, counting_unit, code, ref_area, time_period, sex
    HAVING sum(value) >= {{least_count}}
),
band AS (
    SELECT stage, counting_unit, code, ref_area, time_period, sex, given.age, any_value(low) AS low, sum(value) AS value
    FROM (FROM core SELECT *, national_code AS code) AS given
    SEMI JOIN unknown USING (stage, counting_unit, code, ref_area, time_period, sex)
    JOIN age_bound ON age_bound.age = given.age
    GROUP BY ALL
    HAVING count(value) = count(*)
),
upto AS (
    SELECT *, sum(value) OVER bands AS sum_to, row_number() OVER bands AS place,
        count(*) OVER (PARTITION BY stage, counting_unit, code, ref_area, time_period, sex) AS bands
    FROM band
    WINDOW bands AS (PARTITION BY stage, counting_unit, code, ref_area, time_period, sex ORDER BY low, age)
),
fits AS (
    SELECT stage, counting_unit, code, ref_area, time_period, sex, one.age AS first_age, other.age AS last_age
    FROM unknown
    JOIN upto AS one USING (stage, counting_unit, code, ref_area, time_period, sex)
    JOIN upto AS other USING (stage, counting_unit, code, ref_area, time_period, sex)
    WHERE other.sum_to - one.sum_to + one.value = unknown.value AND other.place > one.place
        AND NOT (one.place = 1 AND other.place = one.bands)
),
counted AS (
    SELECT stage, counting_unit, code, any_value(iccs) AS iccs, count(*) AS lines, any_value(value) AS such_as
    FROM unknown
    GROUP BY ALL
    HAVING count(*) >= {{least_checked}}
),
ranges AS (
    SELECT stage, counting_unit, code, first_age, last_age, count(*) AS fitting
    FROM fits
    GROUP BY ALL
),
best AS (
    FROM ranges
    QUALIFY row_number() OVER (PARTITION BY stage, counting_unit, code ORDER BY fitting DESC, first_age, last_age) = 1
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    coalesce(fitting, 0) / lines AS found, {{least_share}} AS expected, found >= {{least_share}} AS failing,
    'the figure of unknown age equals ' || first_age || ' to ' || last_age || ' together in ' || fitting || ' of ' || lines
        || ' figures, such as ' || CAST(such_as AS BIGINT) AS detail
FROM counted
LEFT JOIN best USING (stage, counting_unit, code)
