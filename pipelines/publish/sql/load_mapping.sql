-- Grain of out.mapping: one row for each link and counting unit it was used for (a link that was never used has none).
-- Grain of out.mapping_count: one row for each link, stage, counting unit, year and sex.
-- reads: out.iccs, out.reconciliation
-- writes: out.mapping_count, out.mapping
INSERT INTO out.mapping_count BY NAME
SELECT {{source}} AS source, {{vintage}} AS vintage, national_code, iccs_code AS iccs, stage, counting_unit,
    time_period, mapped.sex, sum(count) AS count
FROM {{mapped}} AS mapped
JOIN {{links}} AS link USING (link)
GROUP BY ALL
ORDER BY national_code, iccs, counting_unit, time_period, sex;

INSERT INTO out.mapping BY NAME
WITH counted AS (
    SELECT link, measure, stage, counting_unit, coalesce(sum(count), 0) AS count_linked
    FROM {{mapped}}
    GROUP BY ALL
)
SELECT {{source}} AS source, {{vintage}} AS vintage, national_code, national_label, iccs_code AS iccs,
    iccs.level AS iccs_level, relation, weight, nullif(concat_ws(';', {{tags}}), '') AS tags, out_of_scope,
    counted.stage, counted.counting_unit, count_linked,
    count_linked / nullif(reconciliation.count_read, 0) AS share_of_count,
    valid_from, valid_to, status, decided_by, decided_on, note, caveats
FROM {{links}} AS link
LEFT JOIN counted USING (link)
LEFT JOIN out.iccs ON iccs.code = link.iccs_code
LEFT JOIN out.reconciliation AS reconciliation
    ON reconciliation.source = {{source}} AND reconciliation.measure = counted.measure
ORDER BY link, counted.counting_unit
