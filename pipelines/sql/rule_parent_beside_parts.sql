-- Grain: one row for each ICCS category given together with categories inside it (only where counts of parents stand
-- apart from those of their children).
WITH pairs AS (
    SELECT stage, counting_unit, given.iccs, given.ref_area, given.time_period, any_value(given.value) AS value,
        sum(child.value) AS children, count(DISTINCT child.iccs) AS kinds
    FROM given
    JOIN given AS child USING (stage, counting_unit, ref_area, time_period)
    WHERE child.iccs <> given.iccs AND starts_with(child.iccs, given.iccs) AND NOT {{include_children}}
        AND given.iccs <> ''
    GROUP BY ALL
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    avg(CAST(value = children AS INTEGER)) AS found, {{least_share}} AS expected, found >= {{least_share}} AS failing,
    'equals the sum of what is inside it in ' || round(found * 100, 1) || ' % of ' || count(*) || ' figures' AS detail
FROM pairs
WHERE value > 0
GROUP BY ALL
HAVING count(*) >= {{least_checked}}
