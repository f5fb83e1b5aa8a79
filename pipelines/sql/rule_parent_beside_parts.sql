-- Grain: one row for each ICCS category given together with categories inside it (only where counts of parents stand
-- apart from those of their children).
WITH category AS (
    SELECT DISTINCT iccs FROM given WHERE iccs <> ''
),
inside AS (
    SELECT category.iccs, child.iccs AS child
    FROM category
    JOIN category AS child ON child.iccs <> category.iccs AND starts_with(child.iccs, category.iccs)
    WHERE NOT {{include_children}}
),
pairs AS (
    SELECT given.stage, given.counting_unit, given.iccs, given.ref_area, given.time_period,
        any_value(given.value) AS value, sum(child.value) AS children
    FROM given
    JOIN inside ON inside.iccs = given.iccs
    JOIN given AS child ON child.iccs = inside.child AND child.stage = given.stage
        AND child.counting_unit = given.counting_unit AND child.ref_area = given.ref_area
        AND child.time_period = given.time_period
    GROUP BY given.stage, given.counting_unit, given.iccs, given.ref_area, given.time_period
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    avg(CAST(value = children AS INTEGER)) AS found, {{least_share}} AS expected, found >= {{least_share}} AS failing,
    'equals the sum of what is inside it in ' || round(found * 100, 1) || ' % of ' || count(*) || ' figures' AS detail
FROM pairs
WHERE value > 0
GROUP BY ALL
HAVING count(*) >= {{least_checked}}
