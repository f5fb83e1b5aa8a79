-- Grain: one row for each area that gave figures worth missing (all categories together).
-- reads: given
WITH totals AS (
    SELECT stage, counting_unit, ref_area, year, sum(value) AS value
    FROM given
    WHERE value IS NOT NULL AND area_level <> 'not_stated'  -- that nothing is unplaced any more is no loss
    GROUP BY ALL
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, CAST(max(totals.year) AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    max(totals.year) AS found, any_value(last.year) AS expected, max(totals.year) < any_value(last.year) AS failing,
    'nothing reported after ' || max(totals.year) AS detail
FROM totals
JOIN (SELECT stage, counting_unit, max(year) AS year FROM totals GROUP BY ALL) AS last USING (stage, counting_unit)
GROUP BY stage, counting_unit, ref_area
HAVING median(value) >= {{least_count}}
