-- Grain: one row for each year with incidents: the partitions that have some of it, by the folders of their tallies.
-- reads: period_of_partition
SELECT left(time_period, 4) AS year, string_agg(DISTINCT partition, ' ' ORDER BY partition) AS partitions
FROM period_of_partition
GROUP BY year
