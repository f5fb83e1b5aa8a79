-- Grain: one row for each area that would be computed from its parts of one level: the source gives parts and not the area
-- itself, and does not declare that it covers only some.
-- reads: area_ancestor, area_unlisted, area_whole, given
WITH part AS (
    SELECT DISTINCT stage, counting_unit, ref_area, area_level FROM given WHERE area_level <> 'not_stated'
)
SELECT DISTINCT stage, counting_unit, NULL AS iccs, above.ancestor AS ref_area, NULL AS time_period, NULL AS sex,
    NULL AS age, NULL AS found, NULL AS expected, area_whole.ancestor IS NULL AS failing,
    'no total is computed: the list of ' || above.ancestor || ' (' || part.area_level || ') '
        || coalesce('lacks ' || missing, 'is not declared complete') AS detail
FROM part
JOIN area_ancestor AS above ON above.area = part.ref_area AND above.ancestor <> above.area
LEFT JOIN area_whole ON area_whole.ancestor = CAST(above.ancestor AS VARCHAR)
    AND area_whole.area_level = CAST(part.area_level AS VARCHAR)
LEFT JOIN area_unlisted ON area_unlisted.ancestor = CAST(above.ancestor AS VARCHAR)
    AND area_unlisted.area_level = CAST(part.area_level AS VARCHAR)
WHERE len({{covers}}) = 0 AND NOT EXISTS (
    FROM area_ancestor AS between_them
    JOIN part AS given_between ON given_between.ref_area = between_them.ancestor
    WHERE between_them.area = part.ref_area AND between_them.ancestor <> between_them.area
        AND given_between.stage = part.stage AND given_between.counting_unit = part.counting_unit
)
