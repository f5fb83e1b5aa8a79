-- Grain: one row for each stage and counting unit of the source.
-- reads: mapped, links
SELECT stage, counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex, NULL AS age,
    coalesce(sum(count) FILTER ({{condition}}), 0) / sum(count) AS found, {{most}} AS expected,
    found > {{most}} AS failing,
    round(found * 100, 1) || ' % of ' || CAST(sum(count) AS BIGINT) || ': '
        || coalesce(array_to_string(list(DISTINCT national_code) FILTER ({{condition}})[:10], ', '), '') AS detail
FROM mapped
JOIN links USING (link)
WHERE {{of}}
GROUP BY ALL
HAVING sum(count) > 0
