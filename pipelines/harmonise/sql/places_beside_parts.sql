-- Grain: one row for each measure and area that has rows of its own and rows of areas inside it, with both counts and the
-- first row of its own.
-- reads: area_ancestor, core
WITH given AS (
    SELECT measure, ref_area, sum(value) AS value, arg_min(_file, _row) AS _file, min(_row) AS _row
    FROM core
    GROUP BY measure, ref_area
)
SELECT own.measure, own.ref_area, coalesce(own.value, 0) AS own_value, coalesce(sum(part.value), 0) AS part_value,
    own._file, own._row
FROM given AS own
JOIN area_ancestor AS inside ON inside.ancestor = own.ref_area AND inside.area <> inside.ancestor
JOIN given AS part ON part.measure = own.measure AND part.ref_area = inside.area
GROUP BY own.measure, own.ref_area, own.value, own._file, own._row
ORDER BY own.measure, own.ref_area
