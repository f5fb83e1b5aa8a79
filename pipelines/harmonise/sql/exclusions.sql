-- Grain: one row for each measure and exclusion rule.
-- reads: disposed, reason_list
-- writes: exclusion
CREATE OR REPLACE TEMP TABLE exclusion AS
SELECT measure, rule, any_value(reason) AS reason, sum(cells)::BIGINT AS cells, sum(counted)::DOUBLE AS count
FROM disposed
JOIN reason_list USING (rule)
WHERE disposition IN ('excluded', 'out_of_scope')
GROUP BY measure, rule
