-- Grain: one row for each month with at least a third more incidents than is usual in its year, of which far more are dated
-- in its first (or last) days than in its others: year, month, whether the first days are meant, how many incidents are in
-- them, and how many in the month. If many months are like this, the days are unknown but the months are right; if it is
-- only one year of several, something happened.
-- reads: period_seen, tally_part
WITH month AS (
    SELECT left(CAST(time_period AS VARCHAR), 4) AS year, CAST(substr(CAST(time_period AS VARCHAR), 6, 2) AS INTEGER) AS month,
        sum({{first}})::BIGINT AS first_days, sum({{last}})::BIGINT AS last_days, sum(records)::BIGINT AS records
    FROM tally_part
    JOIN period_seen USING (period)
    WHERE exclusion = 0 AND length(CAST(time_period AS VARCHAR)) = 7
    GROUP BY ALL
),
usual AS (
    SELECT *, median(records) OVER (PARTITION BY year) AS usual FROM month
),
piled AS (
    SELECT year, month, is_first, IF(is_first, first_days, last_days) AS days, records, usual
    FROM usual, (VALUES (TRUE), (FALSE)) AS side (is_first)
    WHERE NOT (is_first AND month = 1)
)
SELECT year, month, is_first, days, records
FROM piled
WHERE days >= {{least}} AND records >= {{more}} * usual AND days * ({{month_days}} - {{days}}) > {{times}} * {{days}} * (records - days)
QUALIFY count(*) OVER (PARTITION BY year) <= {{few_months}}
    AND count(*) OVER (PARTITION BY month, is_first) >= least((SELECT count(DISTINCT year) FROM month), 2)
ORDER BY ALL
