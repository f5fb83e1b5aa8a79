-- Grain: one row for each cell, or combination of codes, that is used or out of scope: what a published total is compared
-- with.
-- reads: area_code, code_span
WITH
{{judged}}
SELECT used.*, area_code.code AS ref_area, area_code.level AS area_level, code_span.national_code,
    {{label}} AS national_label, {{time_period}} AS time_period, {{freq}} AS freq
FROM judged AS used
JOIN area_code ON area_code.id = used.ref_area_id
JOIN code_span ON code_span.id = used.code_id
WHERE used.disposition IN ('used', 'out_of_scope')
