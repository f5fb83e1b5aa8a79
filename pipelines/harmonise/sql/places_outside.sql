-- Grain: one row for each area with rows that is neither one of those that the source covers, nor inside one, nor the
-- place not stated of an area above them; with its first row.
-- reads: area_ancestor, core
WITH covered AS (
    SELECT area FROM area_ancestor WHERE list_contains({{covers}}, CAST(ancestor AS VARCHAR))
),
above AS (
    SELECT ancestor FROM area_ancestor WHERE area IN (FROM covered)
)
SELECT CAST(ref_area AS VARCHAR) AS ref_area, count(*) AS cells, arg_min(_file, _row) AS _file, min(_row) AS _row
FROM core
WHERE ref_area NOT IN (FROM covered) AND value IS NOT NULL AND NOT EXISTS (
    FROM area_ancestor AS place
    WHERE place.area = ref_area AND place.area_level = 'not_stated' AND place.ancestor IN (FROM above)
)
GROUP BY ref_area
ORDER BY ref_area
