-- Grain: one row for each annual figure that the source gives for an area and for regions inside it: even if some regions
-- have none, a part cannot exceed the whole.
-- needs: areas inside areas
-- reads: area_ancestor, given, series
WITH own AS (
    SELECT DISTINCT ref_area FROM given
),
part AS (
    SELECT stage, counting_unit, iccs, time_period, inside.ancestor, inside.area_level, sum(value) AS value
    FROM series
    JOIN area_ancestor AS inside ON inside.area = series.ref_area AND inside.ancestor <> inside.area
    WHERE value IS NOT NULL AND inside.area_level <> 'not_stated'
    GROUP BY ALL
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, part.value AS found,
    series.value AS expected, part.value > {{most_ratio}} * series.value AS failing,
    'its regions have ' || CAST(part.value AS BIGINT) || ', the source gives the area itself '
        || CAST(series.value AS BIGINT) AS detail
FROM series
SEMI JOIN own ON own.ref_area = series.ref_area
JOIN part USING (stage, counting_unit, iccs, time_period)
WHERE part.ancestor = series.ref_area AND series.value IS NOT NULL AND part.value >= {{least_count}}
