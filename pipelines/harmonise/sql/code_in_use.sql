-- Grain: one row for each column of codes and code that occurs, or that a total may have. '' means no category.
-- reads: area_ancestor, iccs_ancestor
-- writes: code_in_use
CREATE TEMP TABLE code_in_use AS
WITH occurring AS (
    {{occurring}}
)
SELECT dimension, coalesce(code, '') AS code
FROM occurring
WHERE code IS NOT NULL OR dimension IN ('iccs', 'national_code', 'national_label')
UNION ALL
SELECT 'time_period', unnest([left(code, 4), quarter_of(code)]) FROM occurring WHERE dimension = 'time_period'
UNION ALL
SELECT 'ref_area', area FROM area_ancestor
UNION ALL
SELECT 'area_level', area_level FROM area_ancestor
UNION ALL
SELECT 'iccs', code FROM iccs_ancestor
UNION ALL
SELECT dimension, code
FROM (VALUES {{totals}}, ('freq', 'A'), ('freq', 'M'), ('freq', 'Q'), ('conf_status', 'F'), ('conf_status', 'C'),
    ('missing_reason', 'incomplete'), ('missing_reason', 'not_applicable'), ('missing_reason', 'not_collected'),
    ('missing_reason', 'not_reported'), ('missing_reason', 'suppressed')) AS possible (dimension, code);
DELETE FROM code_in_use WHERE code IS NULL
