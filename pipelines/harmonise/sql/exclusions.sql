-- Grain: one row for each measure and exclusion rule.
CREATE TEMP TABLE exclusion AS
SELECT measure, rule, any_value(reason) AS reason, count(*) AS cells, coalesce(sum(number), 0) AS count
FROM excluded
JOIN cells USING (cell)
JOIN reason_list USING (rule)
GROUP BY measure, rule
