-- Grain: one row for each area and year of a source that gives nearly every area the same number of cells: an area that
-- has fewer lost some. A source whose areas differ anyway is left alone,
-- and what is found already by the years before and after, or nearly all other areas, is not told twice.
-- needs: {{least_areas}} areas
-- reads: core, finding
WITH counted AS (
    SELECT stage, counting_unit, area_level, ref_area, left(time_period, 4) AS time_period, count(*) AS cells
    FROM core
    WHERE {{whole_cube}}
    GROUP BY ALL
),
usual AS (
    SELECT stage, counting_unit, area_level, time_period, mode(cells) AS cells, count(*) AS areas FROM counted GROUP BY ALL
),
regular AS (
    SELECT usual.*
    FROM usual
    JOIN counted USING (stage, counting_unit, area_level, time_period)
    GROUP BY ALL
    HAVING usual.areas >= {{least_areas}} AND avg(CAST(counted.cells = usual.cells AS INTEGER)) >= {{least_share}}
)
SELECT stage, counting_unit, NULL AS iccs, ref_area, time_period, NULL AS sex, NULL AS age, counted.cells AS found,
    regular.cells AS expected, counted.cells < regular.cells AND NOT EXISTS (
        FROM finding
        WHERE rule = 'rows_missing' AND finding.stage = CAST(counted.stage AS VARCHAR) AND finding.counting_unit = CAST(counted.counting_unit AS VARCHAR)
            AND finding.ref_area = CAST(counted.ref_area AS VARCHAR) AND finding.time_period = counted.time_period
    ) AS failing,
    counted.cells || ' cells, the other areas have ' || regular.cells AS detail
FROM counted
JOIN regular USING (stage, counting_unit, area_level, time_period)
