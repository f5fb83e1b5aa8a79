-- Grain: one row for each combination of numbers that is used, but for area and period, and link that its counts go
-- along, with the codes that they then have. A national code that is split goes to several categories by weight; its
-- counts are then an estimate (E) unless a stronger status holds, and a missing count stays what it is.
-- reads: code_link, code_span
WITH
{{judged}}
SELECT
    {% for name in keys %}
    used.{{name}},
    {% endfor %}
    used.measure, used.stage, used.counting_unit, link.iccs_code AS iccs, code_span.national_code,
    {% for name, text in filled.items() %}
    {{text}} AS {{name}},
    {% endfor %}
    CASE WHEN link.weight < 1 AND NOT {{missing}} THEN weaker_status('E', {{status}}) ELSE {{status}} END AS obs_status,
    link.link, link.weight
FROM judged AS used
JOIN code_link AS link ON link.code_id = used.code_id
JOIN code_span ON code_span.id = used.code_id
{{joins}}
WHERE used.disposition = 'used'
