-- Grain: one row for each area and year with enough figures above zero, and enough different ones: these, and not the
-- figures, are independent of each other, as a total repeats its only part. Of counts that are not rounded one in five is a
-- multiple of 5 and one in three a multiple of 3: that eight different ones all are comes by chance once in 6,561.
-- reads: core
WITH figure AS (
    SELECT stage, counting_unit, ref_area, left(time_period, 4) AS year, value
    FROM core
    WHERE value > 0
),
judged AS (
    SELECT stage, counting_unit, ref_area, year, count(*) AS figures,
        CASE WHEN bool_and(value % 10 = 0) THEN 10 WHEN bool_and(value % 5 = 0) THEN 5 WHEN bool_and(value % 3 = 0) THEN 3
        END AS base
    FROM figure
    GROUP BY ALL
    HAVING count(*) >= {{least_figures}} AND count(DISTINCT value) >= {{least_different}}
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, year AS time_period, NULL AS sex, NULL AS age,
    base AS found, NULL::DOUBLE AS expected, base IS NOT NULL AS failing,
    'all ' || figures || ' figures are multiples of ' || base AS detail
FROM judged
