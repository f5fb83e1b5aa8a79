-- Grain of added: one row for each observation whose figure is a sum over several, with its place in the files.
-- reads: core
-- writes: added
CREATE OR REPLACE TEMP TABLE added AS
SELECT hash({{keys}}) AS sum_of, cell, _file, coalesce(_sheet, '') AS _sheet, _row, value
FROM core
WHERE value IS NOT NULL
QUALIFY count(*) OVER (PARTITION BY {{keys}}) > 1
