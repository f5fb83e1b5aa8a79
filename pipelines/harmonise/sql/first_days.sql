-- Grain: one row for each year of a source of incidents with days: how many incidents are dated 1 January, and how many are
-- dated in January.
-- reads: period_seen, tally_part
SELECT left(CAST(time_period AS VARCHAR), 4) AS year, sum(first_days)::BIGINT AS first_days,
    sum(records)::BIGINT AS january
FROM tally_part
JOIN period_seen USING (period)
WHERE exclusion = 0 AND substr(CAST(time_period AS VARCHAR), 6, 2) = '01'
GROUP BY year
ORDER BY year
