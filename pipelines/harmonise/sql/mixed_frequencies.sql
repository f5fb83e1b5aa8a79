-- Grain: one row for each frequency of a measure that has several: its cells, and the first of them.
-- reads: core
SELECT CAST(measure AS VARCHAR) AS measure, CAST(freq AS VARCHAR) AS freq, count(*) AS cells,
    arg_min(_file, (_file, _row)) AS file, arg_min(_sheet, (_file, _row)) AS sheet, arg_min(_row, (_file, _row)) AS "row",
    coalesce(arg_min(CAST(time_period AS VARCHAR), (_file, _row)), min(CAST(time_period AS VARCHAR))) AS time_period
FROM core
WHERE measure IN (SELECT measure FROM core GROUP BY measure HAVING count(DISTINCT freq) > 1)
GROUP BY measure, freq
ORDER BY measure, cells DESC, freq
