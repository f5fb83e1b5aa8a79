-- Grain: one row for each area, year and category that lacks rows of its table, and one that counts the others.
-- The sum over a table whose rows are leaves (area, year, national code, sex, age, attributes) is too low if a row is lost,
-- although no published cell is missing. The rows of a leaf are counted, so that the loss of one of several shows too:
-- inside: the area has more of them in an earlier and in a later year, and most other areas have them in this year;
-- at the edge: it has them only before, or only after, within two years, and nearly all other areas have them in this year;
-- everywhere: all other areas and years have the leaf, or nearly all of many.
-- A part beside a total of its code lowers nothing that is added up, nor does a total that is lost beside its parts. What
-- is among the unknown this year is in the sum; an unknown that is never written as zero is none if it is lacking.
-- An absent row may also be a zero that is not written. It is lost if the table writes zeros: more of them than rows that
-- it lacks, for a leaf that is seldom lacking; or if the neighbouring years count so many events that none would not be
-- chance; or if nearly all of many areas and years have it.
-- Not detected: small numbers that a table without zeros leaves out, the first and last year if there are few other areas,
-- and rows of a leaf that is given nowhere else. Tables of events have no row where nothing was counted.
-- reads: core
WITH cell AS (  -- codes are grouped as such, far quicker than their texts
    SELECT block, left(CAST(time_period AS VARCHAR), 4) AS year, ref_area,
        hash(block, national_code, iccs, sex, age, CASE WHEN is_plain THEN 0 ELSE hash(0{{attributes}}) END) AS leaf,
        CAST(any_value(stage) AS VARCHAR) AS stage, CAST(any_value(counting_unit) AS VARCHAR) AS counting_unit,
        CAST(any_value(iccs) AS VARCHAR) AS iccs, CAST(any_value(national_code) AS VARCHAR) AS national_code,
        any_value({{sex}}) AS sex, any_value({{age}}) AS age, any_value(is_plain) AS is_plain,
        count(*) AS given, coalesce(sum(value), 0) AS counted, count(*) FILTER (value = 0) AS zeros
    FROM (
        SELECT *, hash(stage, counting_unit, area_level, freq) AS block, true{{no_attributes}} AS is_plain
        FROM core
        WHERE NOT {{events}}
    )
    GROUP BY ALL
),
place AS (
    SELECT *, row_number() OVER (PARTITION BY block, ref_area ORDER BY year) AS number,
        count(*) OVER (PARTITION BY block) AS places
    FROM (SELECT DISTINCT block, ref_area, year FROM cell)
),
leaf AS (
    SELECT block, leaf, any_value(stage) AS stage, any_value(counting_unit) AS counting_unit, any_value(iccs) AS iccs,
        any_value(national_code) AS national_code, any_value(sex) AS sex, any_value(age) AS age,
        any_value(is_plain) AS is_plain, bool_or(counted = 0 AND zeros > 0) AS writes_zeros, sum(given) AS ever,
        count(*) AS in_places,
        max(places) >= {{many_places}} AND in_places >= {{regular_share}} * max(places) AS in_nearly_all,
        in_nearly_all OR in_places + 1 >= max(places) AND max(places) >= {{least_places}}
            AND count(DISTINCT ref_area) >= {{least_areas}} AS is_regular
    FROM cell
    JOIN place USING (block, ref_area, year)
    GROUP BY block, leaf
    HAVING in_places < max(places) OR min(given) < max(given)
),
code AS (
    SELECT block, ref_area, year, national_code, iccs, list(sex) AS sexes, list(age) AS ages,
        coalesce(list(sex) FILTER (is_plain AND age = '_T'), []) AS sexes_of_all_ages,
        coalesce(list(age) FILTER (is_plain AND sex = '_T'), []) AS ages_of_both_sexes,
        count(*) FILTER ((sex = '_U' OR age = '_U') AND NOT writes_zeros) AS unknown
    FROM cell
    SEMI JOIN leaf USING (block, national_code, iccs)
    LEFT JOIN (SELECT leaf, writes_zeros FROM leaf) USING (leaf)
    GROUP BY ALL
),
code_beside AS (
    SELECT *, unknown > min(unknown) OVER (
            PARTITION BY block, ref_area, national_code, iccs ORDER BY year ROWS BETWEEN 2 PRECEDING AND 2 FOLLOWING
        ) AS more_unknown
    FROM code
),
asked AS (
    SELECT DISTINCT block, leaf, ref_area FROM cell SEMI JOIN leaf USING (leaf)
    UNION
    SELECT DISTINCT block, leaf, ref_area FROM leaf JOIN place USING (block) WHERE is_regular
),
grid AS (
    SELECT block, leaf, ref_area, year, number, coalesce(given, 0) AS given, given IS NULL AS is_absent,
        counted / given AS counted_each
    FROM asked
    JOIN place USING (block, ref_area)
    LEFT JOIN (SELECT leaf, ref_area, year, given, counted FROM cell) USING (leaf, ref_area, year)
),
beside AS (
    SELECT *, max(nullif(given, 0)) OVER (years ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) AS just_before,
        max(nullif(given, 0)) OVER (years ROWS BETWEEN 1 FOLLOWING AND 2 FOLLOWING) AS just_after,
        max(nullif(given, 0)) OVER earlier AS most_before, max(nullif(given, 0)) OVER later AS most_after,
        last_value(counted_each IGNORE NULLS) OVER earlier AS counted_before,
        first_value(counted_each IGNORE NULLS) OVER later AS counted_after
    FROM grid
    WINDOW years AS (PARTITION BY leaf, ref_area ORDER BY number),
        earlier AS (
            PARTITION BY leaf, ref_area ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        later AS (PARTITION BY leaf, ref_area ORDER BY number ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
),
usual AS (
    SELECT *, coalesce(least(just_before, just_after), 0) AS next_to,
        most_before IS NOT NULL AND most_after IS NOT NULL AS is_inside,
        CASE WHEN is_inside THEN least(most_before, most_after) ELSE next_to END AS expected
    FROM beside
),
elsewhere AS (
    SELECT leaf, year, count(*) FILTER (next_to > 0) AS areas, sum(next_to) AS expected_in_all,
        sum(least(given, next_to)) AS given_in_all
    FROM usual
    GROUP BY leaf, year
),
counted_otherwise AS (
    SELECT block, leaf, ref_area, year,
        CASE WHEN is_absent AND more_unknown AND sex <> '_U' AND age <> '_U' THEN true
        WHEN is_absent AND (sex = '_U' OR age = '_U') AND NOT writes_zeros THEN true
        WHEN NOT is_plain OR (sex <> '_T' AND age <> '_T')
            THEN list_has_any(sexes_of_all_ages, ['_T', sex]) OR list_has_any(ages_of_both_sexes, ['_T', age])
        WHEN sex = '_T' AND age = '_T' THEN is_absent
        WHEN age = '_T' THEN list_contains(sexes_of_all_ages, '_T') OR is_absent AND list_contains(sexes, sex)
        ELSE list_contains(ages_of_both_sexes, '_T') OR is_absent AND list_contains(ages, age) END AS is_counted
    FROM usual
    JOIN (SELECT leaf, national_code, iccs, sex, age, is_plain, writes_zeros FROM leaf) USING (leaf)
    JOIN code_beside USING (block, ref_area, year, national_code, iccs)
    WHERE given < expected OR is_absent
),
lacking AS (
    SELECT usual.*, ever, in_nearly_all, greatest(expected, CASE WHEN is_regular THEN 1 ELSE 0 END) - given AS lacks,
        lacks * least(counted_before, counted_after) AS counted_beside,
        (given_in_all - least(given, next_to)) / nullif(expected_in_all - next_to, 0) AS share_of_others,
        sum(lacks) OVER (PARTITION BY leaf) <= {{most_lacking}} * (ever + sum(lacks) OVER (PARTITION BY leaf)) AS is_seldom
    FROM usual
    JOIN elsewhere USING (leaf, year)
    JOIN (SELECT leaf, ever, is_regular, in_nearly_all FROM leaf) USING (leaf)
    LEFT JOIN counted_otherwise USING (leaf, ref_area, year)
    WHERE NOT coalesce(is_counted, false)
        AND (is_regular AND is_absent
            OR given < expected AND CASE WHEN is_inside
                THEN coalesce(share_of_others >= {{least_share_inside}}, true)
                ELSE areas >= {{least_areas}} AND share_of_others >= {{least_share_at_edge}} END)
),
zero AS (
    SELECT block, count(*) FILTER (counted = 0 AND zeros > 0) AS leaves, sum(zeros) AS rows_of_zero
    FROM cell
    GROUP BY block
),
missed AS (
    SELECT lacking.*, in_nearly_all AND is_absent OR counted_beside >= {{least_count}}
            OR is_seldom AND CASE WHEN is_absent
                THEN leaves >= count(*) FILTER (is_seldom) OVER (PARTITION BY block, is_absent)
                ELSE rows_of_zero >= sum(lacks) FILTER (is_seldom) OVER (PARTITION BY block, is_absent) END AS is_missed
    FROM lacking
    JOIN zero USING (block)
),
gap AS (
    SELECT stage, counting_unit, iccs, ref_area, year AS time_period, sum(lacks) AS lacking,
        min(national_code) AS national_code
    FROM missed
    JOIN (SELECT leaf, stage, counting_unit, iccs, national_code FROM leaf) USING (leaf)
    WHERE is_missed
    GROUP BY ALL
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, lacking AS found, 0 AS expected,
    true AS failing,
    lacking || ' counts missing, such as ' || coalesce(nullif(national_code::VARCHAR, ''), 'persons')
        || ': neighbouring years, or nearly all other areas, have them' AS detail
FROM gap
UNION ALL BY NAME
SELECT false AS failing, count(*) AS things
FROM (SELECT DISTINCT stage, counting_unit, iccs, ref_area, year AS time_period FROM cell)
ANTI JOIN gap USING (stage, counting_unit, iccs, ref_area, time_period)
HAVING count(*) > 0
