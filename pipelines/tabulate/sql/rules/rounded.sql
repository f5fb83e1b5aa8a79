-- Grain: one row for each area and year with enough figures above zero, and enough different ones: these, and not the
-- figures, are independent of each other, as a total repeats its only part. Of counts that are not rounded one in five is a
-- multiple of 5 and one in three a multiple of 3: that eight different ones all are comes by chance once in 6,561. An area
-- with too few figures in a year is judged by those of all its years. One row also for each category and year of all areas
-- together, where no area is found: one category may be rounded, or large figures alone, to their first digits.
-- reads: core
WITH figure AS (
    SELECT stage, counting_unit, iccs, ref_area, left(time_period, 4) AS year, value
    FROM core
    WHERE value > 0
),
together AS (
    SELECT stage, counting_unit, iccs, ref_area, year, count(*) AS figures, count(DISTINCT value) AS different,
        count(*) FILTER (value >= {{large}}) AS large, count(DISTINCT value) FILTER (value >= {{large}}) AS different_large,
        CASE WHEN bool_and(value % 10 = 0) THEN 10 WHEN bool_and(value % 5 = 0) THEN 5 WHEN bool_and(value % 3 = 0) THEN 3
        END AS base,
        CASE WHEN bool_and(value % 10 = 0) FILTER (value >= {{large}}) THEN 10 END AS base_of_large
    FROM figure
    GROUP BY GROUPING SETS (
        (stage, counting_unit, ref_area, year), (stage, counting_unit, ref_area), (stage, counting_unit, iccs, year)
    )
),
enough AS (
    SELECT * EXCLUDE (base),
        CASE WHEN figures >= {{least_figures}} AND different >= {{least_different}} THEN base END AS base,
        CASE WHEN large >= {{least_figures}} AND different_large >= {{least_different}} THEN base_of_large END AS of_large
    FROM together
    WHERE figures >= {{least_figures}} AND different >= {{least_different}}
),
of_area AS (
    SELECT stage, counting_unit, ref_area, year, figures, large, base, of_large, '' AS period
    FROM enough
    WHERE ref_area IS NOT NULL AND year IS NOT NULL
    UNION ALL
    SELECT few.stage, few.counting_unit, few.ref_area, few.year, every.figures, every.large, every.base, every.of_large,
        ' of all years'
    FROM together AS few
    JOIN enough AS every ON every.stage = few.stage AND every.counting_unit = few.counting_unit
        AND every.ref_area = few.ref_area AND every.year IS NULL
    WHERE few.ref_area IS NOT NULL AND few.year IS NOT NULL
        AND NOT (few.figures >= {{least_figures}} AND few.different >= {{least_different}})
),
item AS (
    SELECT stage, counting_unit, NULL AS iccs, ref_area, year, figures, large, base, of_large, period
    FROM of_area
    UNION ALL
    SELECT stage, counting_unit, iccs, NULL, year, figures, large, base, of_large, ' of all areas'
    FROM enough
    ANTI JOIN (FROM of_area WHERE base IS NOT NULL OR of_large IS NOT NULL) AS found USING (stage, counting_unit, year)
    WHERE enough.iccs IS NOT NULL AND coalesce(enough.base, enough.of_large) IS NOT NULL
)
SELECT stage, counting_unit, iccs, ref_area, year AS time_period, NULL AS sex, NULL AS age,
    coalesce(base, of_large) AS found, NULL::DOUBLE AS expected, found IS NOT NULL AS failing,
    if(base IS NULL, 'all ' || large || ' figures of {{large}} and more', 'all ' || figures || ' figures') || period
        || ' are multiples of ' || found AS detail
FROM item
