-- Grain: one row where every month is named by the year after its own (2009-10, 2010-11), at least two of them; else none.
-- reads: core
WITH month AS (
    SELECT DISTINCT CAST(time_period AS VARCHAR) AS time_period FROM core WHERE freq = 'M'
),
named_by_next_year AS (
    SELECT count(*) AS months
    FROM month
    HAVING months > 1
        AND bool_and((CAST(left(time_period, 4) AS INTEGER) + 1) % 100 = CAST(right(time_period, 2) AS INTEGER))
)
SELECT min(time_period), max(time_period), months, arg_min(_file, (time_period, _row)),
    arg_min(_sheet, (time_period, _row)), arg_min(_row, (time_period, _row))
FROM (SELECT CAST(time_period AS VARCHAR) AS time_period, _file, _sheet, _row FROM core WHERE freq = 'M')
CROSS JOIN named_by_next_year
GROUP BY months
