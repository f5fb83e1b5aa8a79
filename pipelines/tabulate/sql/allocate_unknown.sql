-- If a source declares allocate_unknown: persons of unknown sex and age are allocated to the known groups in proportion,
-- separately in each cell of the other dimensions: first the sexes within each age (including all ages, and the unknown
-- age), then the ages within each sex. Every published cell is allocated by its own known persons, a total by those of all
-- its parts; so allocated parts of areas or categories need not add up to it, but the groups of one cell do.
-- Nothing is allocated if fewer than {{least_share}} are known, or fewer than {{least_known}} persons unless
-- {{known_enough}} are, as a few would then stand for many; nor if a group or the number of unknown is missing; nor among
-- age bands that overlap, as their sum is not the number of persons. A number of unknown that the source does not collect,
-- or that cannot exist, counts as none.
-- Grain: one row for each cell of a known sex or age that has allocated persons, or should have but cannot: then value is
-- NULL and open_of names the dimension, as a count without its unknown is misleading beside counts that include theirs.
-- given is the count as given. at_most includes all the unknown that may belong to it, if their number is known.
-- reads: cells, age_bound
-- writes: allocated
CREATE OR REPLACE TEMP TABLE allocated AS
WITH divided AS (
    SELECT {{key}}, sex, cells.age, value, sex NOT IN ({{total_sex}}, '_U', '_Z') AS of_a_sex,
        cells.age NOT IN ({{total_age}}, '_U', '_Z') AS of_an_age,
        value IS NULL AND NOT coalesce(missing_reason = 'not_applicable'
            OR (missing_reason = 'not_collected' AND '_U' IN (sex, cells.age)), false) AS is_missing,
        CASE WHEN of_an_age AND value > 0 THEN age_bound.low END AS low,
        CASE WHEN of_an_age AND value > 0 THEN coalesce(age_bound.high, 200) END AS high
    FROM cells
    LEFT JOIN age_bound ON age_bound.age = CAST(cells.age AS VARCHAR)
    WHERE {{declared}}
),
by_sex AS (
    SELECT *, sum(value) FILTER (of_a_sex) OVER cell AS known, max(value) FILTER (sex = '_U') OVER cell AS unknown_sex,
        coalesce(bool_or(is_missing) FILTER (of_a_sex OR sex = '_U') OVER cell, false) AS is_open,
        coalesce(bool_or(is_missing) FILTER (sex = '_U') OVER cell, false) AS no_unknown_sex,
        max(value) FILTER (sex = '_U' AND age = '_U') OVER figure AS unknown_both,
        coalesce(bool_or(is_missing) FILTER (sex = '_U' AND age = '_U') OVER figure, false) AS no_unknown_both,
        coalesce(low <= max(high) OVER before, false) AS begins_inside
    FROM divided
    WINDOW cell AS (PARTITION BY {{key}}, age), figure AS (PARTITION BY {{key}}), before AS (
        PARTITION BY {{key}}, sex ORDER BY low, high DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
of_sexes AS (
    SELECT * REPLACE (CASE
            WHEN NOT of_a_sex OR NOT (no_unknown_sex OR coalesce(unknown_sex, 0) > 0) THEN value
            WHEN NOT is_open AND {{enough_sex}} THEN value * (known + unknown_sex) / known
        END AS value),
        value AS given
    FROM by_sex
),
by_age AS (
    SELECT *, sum(value) FILTER (of_an_age) OVER cell AS known_age, max(value) FILTER (age = '_U') OVER cell AS unknown_age,
        max(given) FILTER (age = '_U') OVER cell AS given_unknown_age,
        coalesce(bool_or(is_missing) FILTER (age = '_U') OVER cell, false) AS no_unknown_age,
        coalesce(bool_or(is_missing OR (value IS NULL AND given IS NOT NULL)) FILTER (age = '_U') OVER cell, false)
            AS is_open_unknown,
        coalesce(bool_or(is_missing OR (value IS NULL AND given IS NOT NULL)) FILTER (of_an_age) OVER cell, false)
            AS is_open_age,
        bool_or(begins_inside) OVER figure AS bands_overlap
    FROM of_sexes
    WINDOW cell AS (PARTITION BY {{key}}, sex), figure AS (PARTITION BY {{key}})
),
of_ages AS (
    SELECT * REPLACE (CASE
            WHEN NOT of_an_age OR NOT (is_open_unknown OR coalesce(unknown_age, 0) > 0) THEN value
            WHEN NOT is_open_unknown AND NOT is_open_age AND NOT bands_overlap AND {{enough_age}}
                THEN value * (known_age + unknown_age) / known_age
        END AS value),
        value IS NULL AS sex_is_open,
        CASE WHEN NOT of_a_sex THEN 0 WHEN NOT no_unknown_sex THEN coalesce(unknown_sex, 0) END AS more_by_sex,
        CASE WHEN NOT of_an_age THEN 0 WHEN NOT no_unknown_age THEN coalesce(given_unknown_age, 0) END AS more_by_age,
        CASE WHEN NOT (of_a_sex AND of_an_age) THEN 0 WHEN NOT no_unknown_both THEN coalesce(unknown_both, 0) END
            AS more_by_both
    FROM by_age
)
SELECT {{key}}, sex, age, given, round(value, 6) AS value,
    CASE WHEN value IS NULL THEN if(sex_is_open, 'sex_not_known', 'age_not_known') END AS open_of,
    round(given + more_by_sex + more_by_age + more_by_both, 6) AS at_most
FROM of_ages
WHERE given IS NOT NULL AND sex NOT IN ('_U', '_Z') AND age NOT IN ('_U', '_Z')
    AND (value IS NULL OR more_by_sex > 0 OR more_by_age > 0 OR value <> given)
