-- Grain: one row for each annual cell by sex and age of an area whose regions all have that cell: the cube of sex, age
-- and place adds up to the same figure along every edge. What has no stated region is a place of the cube.
-- needs: sex, age
-- reads: annual, area_ancestor, area_validity, series
WITH cube AS (
    SELECT * FROM annual WHERE sex <> '_T' AND age <> '_T' AND value IS NOT NULL
),
along_place AS (
    SELECT part.stage, part.counting_unit, part.iccs, up.ancestor AS ref_area, part.time_period, part.sex, part.age,
        sum(part.value) AS value
    FROM cube AS part
    JOIN area_ancestor AS up ON up.area = part.ref_area AND up.ancestor_level = 'country'
    WHERE part.area_level IN ('admin1', 'not_stated') AND part.ref_area <> up.ancestor
    GROUP BY ALL
    HAVING count(*) FILTER (part.area_level = 'admin1') >= any_value((
        SELECT count(*)
        FROM area_ancestor AS inside
        LEFT JOIN area_validity ON area_validity.area = CAST(inside.area AS VARCHAR)
        WHERE inside.ancestor = up.ancestor AND inside.area_level = 'admin1'
            AND part.year BETWEEN coalesce(valid_from, 0) AND coalesce(valid_to, 9999)
    ))
),
edges AS (
    SELECT stage, counting_unit, iccs, ref_area, time_period, sum(cube.value) AS country, sum(along_place.value) AS regions
    FROM cube
    JOIN along_place USING (stage, counting_unit, iccs, ref_area, time_period, sex, age)
    WHERE cube.area_level = 'country'
    GROUP BY ALL
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, regions AS found, whole.value AS expected,
    abs(regions - whole.value) > {{tolerance}} OR abs(country - whole.value) > {{tolerance}} AS failing,
    'sex x age x region ' || number_text(regions) || ', sex x age ' || number_text(country)
        || ', total ' || number_text(whole.value) AS detail
FROM edges
JOIN series AS whole USING (stage, counting_unit, iccs, ref_area, time_period)
WHERE whole.value IS NOT NULL
