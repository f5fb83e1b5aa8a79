-- Grain: one row: the first and last year of the cells whose year is written as two (2018-19), and of the cells whose year
-- is written as one (2018).
-- reads: period_seen, tally_part
SELECT min(CAST(time_period AS VARCHAR)) FILTER (is_span = 1) AS first_span,
    max(CAST(time_period AS VARCHAR)) FILTER (is_span = 1) AS last_span,
    min(CAST(time_period AS VARCHAR)) FILTER (is_span = 0) AS first_single,
    max(CAST(time_period AS VARCHAR)) FILTER (is_span = 0) AS last_single, count(*) AS cells
FROM tally_part
JOIN period_seen USING (period)
WHERE exclusion = 0
