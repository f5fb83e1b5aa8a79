-- Grain: one row for each combination of numbers of the tally, but for area and period, and link that its counts go
-- along, with the codes that they then have. A national code that is split goes to several categories by weight, and is
-- then an estimate (E) unless a stronger status holds; else its counts have the one status of the source.
-- reads: code_link
WITH
{{judged}}
SELECT
    {{keys}},
    used.measure, {{freq}} AS freq, used.stage, used.counting_unit, link.iccs_code AS iccs,
    link.national_code, '' AS national_label,
    {{filled}},
    CASE WHEN link.weight < 1 THEN {{split_status}} ELSE {{status}} END AS obs_status,
    link.link, link.weight
FROM judged AS used
JOIN code_link AS link ON link.code_id = used.code_id
WHERE used.disposition = 'used'
