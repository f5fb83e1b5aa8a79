-- Grain: one row for each year of a series by age and each band that usually has counts. Where all others (the unknown
-- among them) are as few as this band, the year is small, and no band is gone. Nor is one whose ages another band of that
-- year has: the bands have changed.
-- needs: age
-- reads: annual, age_bound
WITH everyone AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, coalesce(sum(value), 0) AS all_of_them
    FROM annual
    WHERE sex = '_T' AND age NOT IN ('_T', '_Z')
    GROUP BY ALL
),
split AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, age, value, all_of_them
    FROM annual
    JOIN everyone USING (stage, counting_unit, iccs, ref_area, time_period)
    WHERE sex = '_T' AND age NOT IN ('_T', '_U', '_Z') AND value IS NOT NULL
),
usual AS (
    SELECT stage, counting_unit, iccs, ref_area, age, median(value) AS value, median(all_of_them - value) AS others
    FROM split
    GROUP BY ALL
    HAVING median(value) >= {{least_usual}} AND count(*) >= {{least_years}}
),
years AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, any_value(all_of_them) AS all_of_them
    FROM split
    GROUP BY ALL
    HAVING max(value) > 0
),
covered AS (
    SELECT DISTINCT split.stage, split.counting_unit, split.iccs, split.ref_area, split.time_period, own.age
    FROM split
    JOIN age_bound AS there ON there.age = split.age
    JOIN age_bound AS own ON own.age <> there.age AND own.low <= coalesce(there.high, 999) AND there.low <= coalesce(own.high, 999)
    WHERE split.value > 0
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, age, coalesce(split.value, 0) AS found,
    usual.value * least(1, coalesce((years.all_of_them - found) / nullif(usual.others, 0), 1)) AS expected,
    expected >= {{least_expected}} AND found <= {{nearly_none}} * expected AS failing,
    if(coalesce(split.value, 0) = 0, 'none of the age ', CAST(split.value AS BIGINT) || ' of the age ') || age || ', usually ' || CAST(usual.value AS BIGINT) AS detail
FROM years
JOIN usual USING (stage, counting_unit, iccs, ref_area)
LEFT JOIN (SELECT * EXCLUDE (all_of_them) FROM split) AS split USING (stage, counting_unit, iccs, ref_area, time_period, age)
ANTI JOIN covered USING (stage, counting_unit, iccs, ref_area, time_period, age)
