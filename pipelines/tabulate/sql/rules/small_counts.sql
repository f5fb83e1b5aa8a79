-- Grain: one row for each measure with many small figures: zeros, but none from one up to the smallest figure above zero.
-- If many figures are at most three times the smallest, a third of as many or more should be below it; that none of nine is
-- happens by chance once in eight thousand. Rounded figures have gaps everywhere and are found by another rule.
-- reads: core
WITH smallest AS (
    SELECT stage, counting_unit, min(value) AS least FROM core WHERE value > 0 GROUP BY ALL
)
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    any_value(least) AS found, 1 AS expected,
    any_value(least) >= {{least_gap}} AND count(*) FILTER (value = 0) >= {{least_zeros}}
        AND count(*) FILTER (value % least <> 0) > 0
        AND count(*) FILTER (value > 0) * (any_value(least) - 1) / (2 * any_value(least) + 1) >= {{least_expected}} AS failing,
    count(*) FILTER (value = 0) || ' zeros, none from 1 to ' || CAST(any_value(least) - 1 AS BIGINT) || ', and '
        || count(*) FILTER (value > 0) || ' from ' || CAST(any_value(least) AS BIGINT) || ' to '
        || CAST(3 * any_value(least) AS BIGINT) AS detail
FROM core
JOIN smallest USING (stage, counting_unit)
WHERE value <= 3 * least AND NOT {{events}}
GROUP BY stage, counting_unit
HAVING count(*) FILTER (value > 0) >= {{least_figures}}
