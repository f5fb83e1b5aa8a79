-- Grain: one row for each year of a series that gives men or women, and each sex that usually has counts.
-- A sex without a row, or with hardly any counts, has vanished just like one with zeros; one that is declared missing has
-- not. If all others (including the unknown) are as few as this sex, the year is small, and no sex has vanished.
-- needs: sex
-- reads: annual
WITH everyone AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, coalesce(sum(value), 0) AS all_of_them
    FROM annual
    WHERE age = '_T' AND sex <> '_T'
    GROUP BY ALL
),
split AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, sex, value, all_of_them
    FROM annual
    JOIN everyone USING (stage, counting_unit, iccs, ref_area, time_period)
    WHERE age = '_T' AND sex IN ('M', 'F')
),
usual AS (
    SELECT stage, counting_unit, iccs, ref_area, sex, median(value) AS value, median(all_of_them - value) AS others
    FROM split
    GROUP BY ALL
    HAVING median(value) >= {{least_usual}}
),
years AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, any_value(all_of_them) AS all_of_them
    FROM split
    GROUP BY ALL
    HAVING max(value) > 0
)
SELECT stage, counting_unit, iccs, ref_area, time_period, sex, NULL AS age, coalesce(split.value, 0) AS found,
    usual.value * least(1, coalesce((years.all_of_them - found) / nullif(usual.others, 0), 1)) AS expected,
    expected >= {{least_expected}} AND (split.given_sex IS NULL OR split.value <= {{nearly_none}} * expected) AS failing,
    if(coalesce(split.value, 0) = 0, 'none of sex ', CAST(split.value AS BIGINT) || ' of sex ') || sex || ', usually ' || CAST(usual.value AS BIGINT) AS detail
FROM years
JOIN usual USING (stage, counting_unit, iccs, ref_area)
LEFT JOIN (SELECT * EXCLUDE (all_of_them), sex AS given_sex FROM split) AS split USING (stage, counting_unit, iccs, ref_area, time_period, sex)
WHERE split.given_sex IS NULL OR split.value IS NOT NULL
