-- Grain: one row for each area of the lists that the source should give: those of a level and country it gives some of.
-- reads: given, area_ancestor, area_validity
WITH wanted AS (
    SELECT DISTINCT given.stage, given.counting_unit, inside.area, inside.area_level
    FROM (SELECT DISTINCT stage, counting_unit, ref_area, area_level FROM given) AS given
    JOIN area_ancestor AS up ON up.area = given.ref_area AND up.ancestor_level = 'country'
    JOIN area_ancestor AS inside ON inside.ancestor = up.ancestor AND inside.area_level = given.area_level
    WHERE (given.area_level = 'admin1' OR given.area_level = 'admin2' AND NOT {{events}})
        AND NOT EXISTS (
            FROM area_validity WHERE area_validity.area = inside.area
                AND (valid_from > (SELECT max(year) FROM given) OR valid_to < (SELECT min(year) FROM given))
        )
        AND (len({{covers}}) = 0 OR list_contains({{covers}}, inside.area))
)
SELECT wanted.stage, wanted.counting_unit, NULL AS iccs, wanted.area AS ref_area, NULL AS time_period, NULL AS sex,
    NULL AS age, NULL AS found, NULL AS expected, given.ref_area IS NULL AS failing,
    wanted.area || ' is never given' AS detail
FROM wanted
LEFT JOIN (SELECT DISTINCT stage, counting_unit, ref_area FROM given WHERE value IS NOT NULL) AS given
    ON given.stage = wanted.stage AND given.counting_unit = wanted.counting_unit AND given.ref_area = wanted.area
