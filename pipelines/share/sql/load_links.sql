-- Grain: one row for each link of one protected source. How much went through a link is a count that nobody protected.
-- reads: out.iccs
-- writes: out.mapping
INSERT INTO out.mapping BY NAME
SELECT {{source}} AS source, {{vintage}} AS vintage, national_code, national_label, iccs_code AS iccs,
    iccs.level AS iccs_level, relation, weight, nullif(concat_ws(';', {{tags}}), '') AS tags, out_of_scope,
    valid_from, valid_to, status, decided_by, decided_on, note, caveats
FROM {{links}} AS link
LEFT JOIN out.iccs ON iccs.code = link.iccs_code
ORDER BY link
