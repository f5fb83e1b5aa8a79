-- Grain: one row for each source and rule, those that found something first.
-- reads: out.quality
SELECT source, rule, severity, outcome, checked, failing, reason, what_to_do, detail
FROM out.quality
ORDER BY source, list_position(['errored', 'failed', 'warned', 'passed', 'not applicable'], outcome), rule
