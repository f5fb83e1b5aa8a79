-- Grain of caveat_text: one row for each of caveat_cell and each period in the year, category, and kind of cell: of both
-- sexes or one, of all ages or one; with the caveats of such a cell.
-- reads: cells, caveat_cell
-- writes: caveat_text
CREATE OR REPLACE TEMP TABLE caveat_text AS
WITH series AS (
    SELECT DISTINCT stage, counting_unit, iccs FROM cells
),
period AS (
    SELECT DISTINCT time_period FROM cells
)
SELECT series.stage, series.counting_unit, series.iccs, CAST(caveat_cell.ref_area AS ref_area_code) AS ref_area,
    period.time_period, kind.all_sexes, kind.all_ages,
    string_agg(concat_ws(';', any_cell, CASE WHEN NOT all_sexes THEN by_sex END, CASE WHEN NOT all_ages THEN by_age END), ';')
        AS caveats
FROM caveat_cell
JOIN series ON series.stage = caveat_cell.stage AND series.counting_unit = caveat_cell.counting_unit
    AND (caveat_cell.iccs IS NULL OR series.iccs = caveat_cell.iccs)
JOIN period ON left(period.time_period, 4) = caveat_cell.year
CROSS JOIN (FROM (VALUES (false), (true)) AS sexes (all_sexes), (VALUES (false), (true)) AS ages (all_ages)) AS kind
GROUP BY ALL
