-- Grain: one row for each failing cell kept as a sample: the largest of each rule, with the first raw row behind it.
CREATE OR REPLACE TEMP TABLE located AS
WITH sample AS (
    SELECT row_number() OVER () AS number, *
    FROM (
        FROM finding WHERE place <= {{sample}}
    )
),
behind AS (
    SELECT number, arg_min(core._file, core.cell) AS file, arg_min(core._sheet, core.cell) AS sheet,
        arg_min(core._row, core.cell) AS row
    FROM sample
    JOIN area_ancestor AS up ON up.ancestor = sample.ref_area
    JOIN core ON core.ref_area = up.area AND core.stage = sample.stage AND core.counting_unit = sample.counting_unit
        AND left(core.time_period, 4) = left(sample.time_period, 4)
    WHERE sample._row IS NULL AND (sample.iccs IS NULL OR starts_with(core.iccs, sample.iccs))
    GROUP BY number
)
SELECT sample.* EXCLUDE (number) REPLACE (
    coalesce(sample._file, behind.file) AS _file, coalesce(sample._sheet, behind.sheet) AS _sheet,
    coalesce(sample._row, behind.row) AS _row
)
FROM sample
LEFT JOIN behind USING (number)
