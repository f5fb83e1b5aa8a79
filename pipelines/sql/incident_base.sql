-- Grain: one row for each combination of area, period, link and the source's dimensions in a partition: base cells in
-- codes. A national code that is split goes to several categories by weight, and is then an estimate (E).
WITH
{{judged}}
SELECT
    used.measure, used.stage, used.counting_unit, area_code.code AS ref_area, area_code.level AS area_level,
    {{period}} AS time_period, {{freq}} AS freq, link.link, link.national_code, '' AS national_label,
    link.iccs_code AS iccs,
    {{filled}},
    CASE WHEN link.weight < 1 THEN 'E' ELSE 'A' END AS obs_status,
    used.value * link.weight AS value
FROM judged AS used
JOIN area_code ON area_code.id = used.ref_area_id
JOIN code_link AS link ON link.code_id = used.code_id
WHERE used.disposition = 'used'
