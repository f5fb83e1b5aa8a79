-- Grain: one row for each year with incidents: the partitions that have some of it.
SELECT left(period_seen.time_period, 4) AS year,
    string_agg(DISTINCT regexp_extract(filename, '([0-9a-f]{32}).tally[.]parquet', 1), ' ' ORDER BY
        regexp_extract(filename, '([0-9a-f]{32}).tally[.]parquet', 1)) AS partitions
FROM (
    SELECT DISTINCT filename, period FROM read_parquet([{{files}}], filename = true) WHERE period > 0
) AS used
JOIN period_seen USING (period)
GROUP BY year
