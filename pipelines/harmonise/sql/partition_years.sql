-- Grain: one row for each year with incidents: the partitions that have some of it, by the folders of their tallies.
-- reads: period_seen
SELECT left(time_period, 4) AS year, string_agg(DISTINCT partition, ' ' ORDER BY partition) AS partitions
FROM (
    SELECT DISTINCT regexp_extract(filename, '([^/\\]+)[/\\]tally[.]parquet', 1) AS partition, period
    FROM read_parquet([{{files}}], filename = true)
    WHERE period > 0
) AS used
JOIN period_seen USING (period)
GROUP BY year
