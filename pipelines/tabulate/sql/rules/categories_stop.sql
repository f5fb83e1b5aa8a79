-- Grain: one row for each category that gave figures worth missing, in areas that give others to the end (all of them
-- together): an area that stops is found by another rule. One whose links have all ended has been declared to.
-- needs: {{least_years}} years
-- reads: given, links
WITH ended AS (
    SELECT iccs_code FROM links WHERE iccs_code IS NOT NULL GROUP BY iccs_code HAVING count(valid_to) = count(*)
),
last AS (
    SELECT stage, counting_unit, max(year) AS last_year FROM given WHERE value IS NOT NULL GROUP BY ALL
),
going_on AS (
    SELECT stage, counting_unit, ref_area
    FROM given
    JOIN last USING (stage, counting_unit)
    WHERE year = last_year AND value IS NOT NULL
    GROUP BY ALL
),
totals AS (
    SELECT stage, counting_unit, iccs, year, sum(value) AS value
    FROM given
    SEMI JOIN going_on USING (stage, counting_unit, ref_area)
    GROUP BY ALL
    HAVING count(value) > 0
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, CAST(max(year) AS VARCHAR) AS time_period, NULL AS sex, NULL AS age,
    max(year) AS found, any_value(last_year) AS expected, max(year) < any_value(last_year) AS failing,
    'nothing after ' || max(year) || ', others to ' || any_value(last_year) AS detail
FROM totals
JOIN last USING (stage, counting_unit)
WHERE CAST(iccs AS VARCHAR) NOT IN (SELECT iccs_code FROM ended)
GROUP BY stage, counting_unit, iccs
HAVING median(value) >= {{least_count}} AND count(*) >= {{least_years}}
