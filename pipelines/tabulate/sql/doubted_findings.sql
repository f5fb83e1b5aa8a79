-- Grain: one row for each area, category and year with a sum that a check on the rows of the source doubts.
-- reads: doubted
-- writes: finding
INSERT INTO finding BY NAME
SELECT rule, row_number() OVER (PARTITION BY rule ORDER BY _file, _row, ref_area, iccs) AS place, stage, counting_unit, iccs,
    ref_area, time_period, detail, _file, _sheet, _row
FROM doubted
