-- Grain: one row for each category that gave figures worth missing (all areas together). One whose links have all ended has
-- been declared to.
-- reads: given, links
WITH ended AS (
    SELECT iccs_code FROM links WHERE iccs_code IS NOT NULL GROUP BY iccs_code HAVING count(valid_to) = count(*)
),
totals AS (
    SELECT stage, counting_unit, iccs, year, sum(value) AS value
    FROM given
    GROUP BY ALL
    HAVING count(value) > 0
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, CAST(max(totals.year) AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    max(totals.year) AS found, any_value(last.year) AS expected, max(totals.year) < any_value(last.year) AS failing,
    'nothing after ' || max(totals.year) || ', others to ' || any_value(last.year) AS detail
FROM totals
JOIN (SELECT stage, counting_unit, max(year) AS year FROM totals GROUP BY ALL) AS last USING (stage, counting_unit)
WHERE CAST(iccs AS VARCHAR) NOT IN (SELECT iccs_code FROM ended)
GROUP BY stage, counting_unit, iccs
HAVING median(value) >= {{least_count}} AND count(*) >= {{least_years}}
