-- Grain: one row for each area, and area above that the source does not give, and period that was not over, of counts of
-- events: a stock is of one day. One row that keeps the rule for each stage and unit.
-- reads: given, given_area, area_ancestor, period_not_over
WITH early AS (
    SELECT DISTINCT stage, counting_unit, CAST(given.ref_area AS VARCHAR) AS ref_area, not_over.time_period, came, last_day
    FROM given
    JOIN period_not_over AS not_over ON not_over.time_period[:4] = left(given.time_period, 4)
        AND (not_over.ref_area IS NULL OR not_over.ref_area = CAST(given.ref_area AS VARCHAR))
    WHERE value IS NOT NULL AND NOT list_contains({{stocks}}, stage || ' ' || counting_unit)
)
SELECT DISTINCT stage, counting_unit, NULL AS iccs, coalesce(CAST(up.ancestor AS VARCHAR), ref_area) AS ref_area, time_period,
    NULL AS sex, NULL AS age, NULL AS found, NULL AS expected, true AS failing,
    'the file was received on ' || CAST(came AS VARCHAR) || ', the period ends on ' || CAST(last_day AS VARCHAR) AS detail
FROM early
LEFT JOIN area_ancestor AS up ON CAST(up.area AS VARCHAR) = ref_area
    AND (up.ancestor = up.area OR up.ancestor NOT IN (SELECT ref_area FROM given_area))
UNION ALL BY NAME
SELECT DISTINCT stage, counting_unit, false AS failing, 'all other periods' AS detail
FROM given
WHERE NOT list_contains({{stocks}}, stage || ' ' || counting_unit)
