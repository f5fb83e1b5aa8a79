-- Grain: one row for each area that the source gives: whether several countries claim it.
-- reads: area_claimed, given
WITH claims AS (
    SELECT area, string_agg(country, ', ' ORDER BY country) AS countries FROM area_claimed GROUP BY area
)
SELECT DISTINCT stage, counting_unit, NULL AS iccs, ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    NULL AS found, NULL AS expected, countries IS NOT NULL AS failing,
    'claimed by ' || countries || '; not in any total computed for them' AS detail
FROM given
LEFT JOIN claims ON claims.area = CAST(given.ref_area AS VARCHAR)
WHERE given.value IS NOT NULL
