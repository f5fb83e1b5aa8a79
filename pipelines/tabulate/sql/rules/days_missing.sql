-- Grain: one row for each stage, unit, area and month without its first or last days. One row that keeps the rule for each
-- stage and unit.
-- reads: given, month_cut
SELECT DISTINCT stage, counting_unit, NULL AS iccs, month_cut.ref_area, month_cut.time_period, NULL AS sex, NULL AS age,
    NULL AS found, NULL AS expected, true AS failing, detail
FROM given
CROSS JOIN month_cut
UNION ALL BY NAME
SELECT DISTINCT stage, counting_unit, false AS failing, 'all other months' AS detail
FROM given
WHERE freq = 'M'
