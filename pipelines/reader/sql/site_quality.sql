-- Grain: one row for each source and rule.
-- reads: out.quality
SELECT source, rule, severity, outcome, checked, failing, reason, what_to_do, detail
FROM out.quality
ORDER BY source, outcome, rule
