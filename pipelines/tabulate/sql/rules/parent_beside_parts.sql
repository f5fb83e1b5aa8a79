-- Grain: one row for each ICCS category given together with categories inside it (only where counts of parents are
-- apart from those of their children).
-- needs: 2 categories
-- reads: given
WITH category AS (
    SELECT DISTINCT iccs FROM given WHERE iccs <> ''
),
inside AS (
    SELECT category.iccs, child.iccs AS child
    FROM category
    JOIN category AS child ON child.iccs <> category.iccs AND starts_with(child.iccs, category.iccs)
        AND NOT contains(child.iccs, '_')  -- 0101_0102 is not in 0101
    WHERE NOT {{include_children}}
),
parts AS (
    SELECT child.stage, child.counting_unit, inside.iccs, child.ref_area, child.time_period, sum(child.value) AS children
    FROM given AS child
    JOIN inside ON inside.child = child.iccs
    GROUP BY ALL
),
pairs AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, value, children
    FROM given
    JOIN parts USING (stage, counting_unit, iccs, ref_area, time_period)
)
SELECT stage, counting_unit, iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    avg(CAST(value = children AS INTEGER)) AS found, {{least_share}} AS expected, found >= {{least_share}} AS failing,
    'equals the sum of the categories inside it in ' || round(found * 100, 1) || ' % of ' || count(*) || ' figures' AS detail
FROM pairs
WHERE value >= {{least_count}}
GROUP BY ALL
HAVING count(*) >= {{least_checked}} AND count(DISTINCT value) >= {{least_different}}
