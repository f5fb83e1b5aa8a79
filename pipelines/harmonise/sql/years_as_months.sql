-- Grain: one row where every month is named by the year after its own (2009-10, 2010-11), at least two of them; else none.
-- reads: core
SELECT min(time_period), max(time_period), count(DISTINCT time_period), arg_min(_file, (time_period, _row)),
    arg_min(_sheet, (time_period, _row)), arg_min(_row, (time_period, _row))
FROM (SELECT CAST(time_period AS VARCHAR) AS time_period, freq, _file, _sheet, _row FROM {{observations}})
WHERE freq = 'M'
HAVING count(DISTINCT time_period) > 1
    AND bool_and((CAST(left(time_period, 4) AS INTEGER) + 1) % 100 = CAST(right(time_period, 2) AS INTEGER))
