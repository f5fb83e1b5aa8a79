-- Grain: one row for each area, year and category that lacks cells which nearly every other area and year has, and one
-- for those of which none is lacking. A file that gives a cell of a national category everywhere but here has lost its
-- row: the sum over the others is too low, and no cell that is published is missing. A cell that is not given in more
-- places is one that the source leaves out, for instance where there was nothing to count.
-- reads: core
WITH cell AS (
    SELECT DISTINCT stage, counting_unit, area_level, ref_area, left(time_period, 4) AS year, national_code, iccs,
        CAST((national_code, iccs, sex, age{{attributes}}) AS VARCHAR) AS combination
    FROM core
    WHERE {{whole_cube}}
),
place AS (
    SELECT *, count(*) OVER (PARTITION BY stage, counting_unit, area_level) AS places
    FROM (SELECT DISTINCT stage, counting_unit, area_level, ref_area, year FROM cell)
),
regular AS (
    SELECT stage, counting_unit, area_level, national_code, iccs, combination, places, count(*) AS given
    FROM cell
    JOIN place USING (stage, counting_unit, area_level, ref_area, year)
    WHERE places >= {{least_places}}
    GROUP BY ALL
    HAVING given >= {{least_share}} * places
),
gap AS (
    SELECT stage, counting_unit, iccs, ref_area, year AS time_period, count(*) AS lacking,
        min(given) AS given, max(regular.places) AS places, min(national_code) AS national_code
    FROM regular
    JOIN place USING (stage, counting_unit, area_level)
    ANTI JOIN cell USING (stage, counting_unit, ref_area, year, combination)
    WHERE given < regular.places
    GROUP BY ALL
)
SELECT stage, counting_unit, iccs, ref_area, time_period, NULL AS sex, NULL AS age, lacking AS found, 0 AS expected,
    true AS failing,
    lacking || ' cells lacking, such as ' || national_code || ', which ' || given || ' of ' || places
        || ' areas and years have' AS detail
FROM gap
UNION ALL BY NAME
SELECT false AS failing, count(*) AS things
FROM (SELECT DISTINCT stage, counting_unit, iccs FROM regular) AS judged
JOIN place USING (stage, counting_unit)
WHERE places >= {{least_places}}
HAVING count(*) > 0
