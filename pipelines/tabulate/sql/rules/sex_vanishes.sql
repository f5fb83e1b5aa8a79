-- Grain: one row for each year of a series and sex that usually has counts.
-- needs: sex
-- reads: annual
WITH split AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, sex, value,
        median(value) OVER (PARTITION BY stage, counting_unit, iccs, ref_area, sex) AS usual,
        max(CASE WHEN sex IN ('M', 'F') THEN value END) OVER (PARTITION BY stage, counting_unit, iccs, ref_area, time_period)
            AS largest
    FROM annual
    WHERE age = '_T' AND sex IN ('M', 'F') AND value IS NOT NULL
)
SELECT stage, counting_unit, iccs, ref_area, time_period, sex, NULL AS age, value AS found, usual AS expected,
    value = 0 AS failing, 'none of sex ' || sex || ', usually ' || CAST(usual AS BIGINT) AS detail
FROM split
WHERE usual >= {{least_usual}} AND largest > 0
