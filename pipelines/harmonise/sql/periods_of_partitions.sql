-- Grain: one row for each period with incidents and partition that has some of it, by the folder of its tally.
-- reads: period_seen
-- writes: period_of_partition
CREATE OR REPLACE TEMP TABLE period_of_partition AS
SELECT time_period, partition
FROM (
    SELECT DISTINCT regexp_extract(filename, '([^/\\]+)[/\\]tally[.]parquet', 1) AS partition, period
    FROM read_parquet([{{files}}], filename = true)
    WHERE period > 0
) AS used
JOIN period_seen USING (period)
