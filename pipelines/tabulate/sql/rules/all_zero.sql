-- Grain: one row for the source, failing where it has figures and all of them are zero.
-- reads: given
SELECT NULL AS stage, NULL AS counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    count(*) FILTER (value <> 0) AS found, NULL AS expected, found = 0 AS failing,
    'all ' || count(value) || ' figures are zero' AS detail
FROM given
HAVING count(value) > 0
