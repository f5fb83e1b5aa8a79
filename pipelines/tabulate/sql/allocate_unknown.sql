-- Where a source declares allocate_unknown: persons of unknown sex and age given to the known groups, in proportion to
-- these, in each cell of the other dimensions by itself: first the sexes within each age (also within all ages, and the
-- unknown one), then the ages within each sex. Every published cell is allocated by its own known persons, a total by those
-- of all its parts; allocated parts of areas or categories need not add up to it, the groups of one cell do.
-- Nothing is allocated where fewer than {{least_share}} are known, or fewer than {{least_known}} persons unless
-- {{known_enough}} are: the few would speak for the many; nor where a group or the number of unknown is missing.
-- Grain: one row for each cell of a known sex or age that holds allocated persons. at_most has all the unknown that may be in it.
-- reads: cells
-- writes: allocated
CREATE OR REPLACE TEMP TABLE allocated AS
WITH divided AS (
    SELECT {{key}}, sex, age, value, sex NOT IN ({{total_sex}}, '_U', '_Z') AS of_a_sex,
        age NOT IN ({{total_age}}, '_U', '_Z') AS of_an_age
    FROM cells
    WHERE {{declared}}
),
by_sex AS (
    SELECT *, sum(value) FILTER (of_a_sex) OVER cell AS known, max(value) FILTER (sex = '_U') OVER cell AS unknown_sex,
        bool_or(value IS NULL) FILTER (of_a_sex OR sex = '_U') OVER cell AS is_open,
        max(value) FILTER (sex = '_U' AND age = '_U') OVER figure AS unknown_both
    FROM divided
    WINDOW cell AS (PARTITION BY {{key}}, age), figure AS (PARTITION BY {{key}})
),
of_sexes AS (
    SELECT * REPLACE (CASE
            WHEN NOT of_a_sex OR coalesce(unknown_sex, 0) = 0 THEN value
            WHEN NOT is_open AND {{enough_sex}} THEN value * (known + unknown_sex) / known
        END AS value),
        value AS given
    FROM by_sex
),
by_age AS (
    SELECT *, sum(value) FILTER (of_an_age) OVER cell AS known_age, max(value) FILTER (age = '_U') OVER cell AS unknown_age,
        max(given) FILTER (age = '_U') OVER cell AS given_unknown_age,
        bool_or(value IS NULL) FILTER (of_an_age OR age = '_U') OVER cell AS is_open_age
    FROM of_sexes
    WINDOW cell AS (PARTITION BY {{key}}, sex)
),
of_ages AS (
    SELECT * REPLACE (CASE
            WHEN NOT of_an_age OR coalesce(unknown_age, 0) = 0 THEN value
            WHEN NOT is_open_age AND {{enough_age}} THEN value * (known_age + unknown_age) / known_age
        END AS value),
        CASE WHEN of_a_sex THEN coalesce(unknown_sex, 0) ELSE 0 END AS more_by_sex,
        CASE WHEN of_an_age THEN coalesce(given_unknown_age, 0) ELSE 0 END AS more_by_age
    FROM by_age
)
SELECT {{key}}, sex, age, round(value, 6) AS value,
    round(given + more_by_sex + more_by_age + CASE WHEN of_a_sex AND of_an_age THEN coalesce(unknown_both, 0) ELSE 0 END, 6)
        AS at_most
FROM of_ages
WHERE value IS NOT NULL AND sex NOT IN ('_U', '_Z') AND age NOT IN ('_U', '_Z')
    AND (more_by_sex > 0 OR more_by_age > 0 OR value <> given)
