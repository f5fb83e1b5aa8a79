-- Grain: one row for each region that the source gives: one of zeros only, where the others count many, gives nothing.
-- Countries are left out: some are small enough to have nothing to count.
-- reads: given
WITH whole AS (
    SELECT stage, counting_unit, area_level, ref_area, sum(value) AS value
    FROM given
    WHERE value IS NOT NULL AND area_level <> 'country'
    GROUP BY ALL
),
usual AS (
    SELECT stage, counting_unit, area_level, median(value) AS value FROM whole GROUP BY ALL
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    whole.value AS found, usual.value AS expected, whole.value = 0 AS failing,
    'zero in every category and period, where the other areas usually have ' || CAST(usual.value AS BIGINT) AS detail
FROM whole
JOIN usual USING (stage, counting_unit, area_level)
WHERE usual.value >= {{least_usual}}
