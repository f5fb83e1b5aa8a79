-- Grain: one row for each age code in use.
-- needs: age
-- reads: band
SELECT DISTINCT stage, counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, age,
    coalesce(high, low) AS found, {{most}} AS expected, coalesce(high, low) > {{most}} AS failing,
    age || ' is not a possible age in years: months, days, or a code for unknown' AS detail
FROM band
WHERE low IS NOT NULL
