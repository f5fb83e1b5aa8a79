-- Grain: one row for each source, stage, counting unit and national category that is counted in an ICCS category or below it.
-- reads: out.mapping
SELECT source, stage, counting_unit, concat(any_value(national_label),
    CASE WHEN bool_and(relation = 'exact') THEN '' ELSE concat(' (', string_agg(DISTINCT relation, ', '), ')') END) AS label
FROM out.mapping
WHERE (iccs = $iccs OR (starts_with(iccs, $iccs) AND NOT contains(iccs, '_')))  -- 0101_0102 is not in 0101
    AND source IN (SELECT unnest($sources)) AND coalesce(count_linked, 0) > 0
GROUP BY source, stage, counting_unit, national_code
ORDER BY source, stage, counting_unit, sum(count_linked) DESC, label
