-- Grain of used_row: one row for each row of the files whose figures are used, area, and year or part of a year, with the
-- sum of these figures.
-- reads: core
-- writes: used_row
CREATE OR REPLACE TEMP TABLE used_row AS
SELECT _file, coalesce(_sheet, '') AS _sheet, _row, CAST(ref_area AS VARCHAR) AS ref_area,
    left(CAST(time_period AS VARCHAR), 4) AS year, CAST(freq AS VARCHAR) AS freq, sum(value) AS value
FROM core
GROUP BY ALL
