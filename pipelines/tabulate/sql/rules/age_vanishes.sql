-- Grain: one row for each year of a series by age and each band that usually has counts.
-- needs: age
-- reads: annual
WITH split AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, age, value
    FROM annual
    WHERE sex = '_T' AND age NOT IN ('_T', '_U', '_Z') AND value IS NOT NULL
),
usual AS (
    SELECT stage, counting_unit, iccs, ref_area, age, median(value) AS value FROM split GROUP BY ALL
    HAVING median(value) >= {{least_usual}} AND count(*) >= {{least_years}}
),
years AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period FROM split GROUP BY ALL HAVING max(value) > 0
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, age, coalesce(split.value, 0) AS found,
    usual.value AS expected, coalesce(split.value, 0) <= {{nearly_none}} * usual.value AS failing,
    if(coalesce(split.value, 0) = 0, 'none of the age ', CAST(split.value AS BIGINT) || ' of the age ') || age || ', usually ' || CAST(usual.value AS BIGINT) AS detail
FROM years
JOIN usual USING (stage, counting_unit, iccs, ref_area)
LEFT JOIN split USING (stage, counting_unit, iccs, ref_area, time_period, age)
