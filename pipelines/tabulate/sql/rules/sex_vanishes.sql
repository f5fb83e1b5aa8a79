-- Grain: one row for each year of a series that gives men or women, and sex that usually has counts.
-- A sex without a row, or with hardly any counts, is no less gone than one of zeros; one that is said to be missing is not.
-- needs: sex
-- reads: annual
WITH split AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, sex, value
    FROM annual
    WHERE age = '_T' AND sex IN ('M', 'F')
),
usual AS (
    SELECT stage, counting_unit, iccs, ref_area, sex, median(value) AS value FROM split GROUP BY ALL
    HAVING median(value) >= {{least_usual}}
),
years AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period FROM split GROUP BY ALL HAVING max(value) > 0
)
SELECT stage, counting_unit, iccs, ref_area, time_period, sex, NULL AS age, coalesce(split.value, 0) AS found,
    usual.value AS expected, split.given_sex IS NULL OR split.value <= {{nearly_none}} * usual.value AS failing,
    if(coalesce(split.value, 0) = 0, 'none of sex ', CAST(split.value AS BIGINT) || ' of sex ') || sex || ', usually ' || CAST(usual.value AS BIGINT) AS detail
FROM years
JOIN usual USING (stage, counting_unit, iccs, ref_area)
LEFT JOIN (SELECT *, sex AS given_sex FROM split) AS split USING (stage, counting_unit, iccs, ref_area, time_period, sex)
WHERE split.given_sex IS NULL OR split.value IS NOT NULL
