-- Grain: one row for each failing cell kept as a sample: the largest of each rule, with the first raw row it comes from.
-- reads: finding, area_ancestor, core_text
-- writes: located
CREATE OR REPLACE TEMP TABLE located AS
WITH sample AS (
    SELECT row_number() OVER () AS number, *
    FROM (
        FROM finding WHERE place <= {{sample}}
    )
),
behind AS (
    SELECT number, min({'file': core._file, 'sheet': core._sheet, 'row': core._row}) AS first
    FROM sample
    JOIN area_ancestor AS up ON up.ancestor = sample.ref_area
    JOIN core_text AS core ON core.ref_area = up.area AND core.stage = sample.stage AND core.counting_unit = sample.counting_unit
        AND left(core.time_period, 4) = left(sample.time_period, 4)
    WHERE sample._row IS NULL AND core._row IS NOT NULL AND (sample.iccs IS NULL OR starts_with(core.iccs, sample.iccs))
    GROUP BY number
)
SELECT sample.* EXCLUDE (number) REPLACE (
    coalesce(sample._file, first.file) AS _file, coalesce(sample._sheet, first.sheet) AS _sheet,
    coalesce(sample._row, first.row) AS _row
)
FROM sample
LEFT JOIN behind USING (number)
