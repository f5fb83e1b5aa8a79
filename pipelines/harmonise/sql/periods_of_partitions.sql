-- Grain: one row for each period with incidents and partition that has some of it, by the folder of its tally.
-- reads: period_seen
SELECT NULL::VARCHAR AS ref_area, time_period, file
FROM (
    SELECT DISTINCT regexp_extract(filename, '([^/\\]+)[/\\]tally[.]parquet', 1) AS file, period
    FROM read_parquet([{{files}}], filename = true)
    WHERE period > 0
) AS used
JOIN period_seen USING (period)
