-- Grain: one row for each source and national category that is counted in an ICCS category or below it.
-- reads: out.mapping
SELECT source, concat(any_value(national_label),
    CASE WHEN bool_and(relation = 'exact') THEN '' ELSE concat(' (', string_agg(DISTINCT relation, ', '), ')') END) AS label
FROM out.mapping
WHERE (iccs = $iccs OR (starts_with(iccs, $iccs) AND NOT contains(iccs, '_')))  -- 0101_0102 is not in 0101
    AND source IN (SELECT unnest($sources)) AND coalesce(count_linked, 0) > 0
GROUP BY source, national_code
ORDER BY source, sum(count_linked) DESC
