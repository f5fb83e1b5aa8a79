-- Grain: one row for each source and counting unit: the ICCS levels of its counts, as shares of what was read
-- without the rows left out by the source's own exclusions.
-- reads: out.mapping
WITH linked AS (
    SELECT source, stage, counting_unit,
        sum(count_linked) AS total,
        sum(count_linked) FILTER (out_of_scope IS NULL) AS linked,
        sum(count_linked) FILTER (iccs_level = 2) AS level_2,
        sum(count_linked) FILTER (iccs_level = 3) AS level_3,
        sum(count_linked) FILTER (iccs_level = 4) AS level_4,
        sum(count_linked) FILTER (iccs IS NOT NULL AND iccs_level IS NULL) AS combined,
        sum(count_linked) FILTER (iccs IN $residuals) AS residual,
        sum(count_linked) FILTER (weight < 1) AS split,
        sum(count_linked) FILTER (status = 'draft') AS draft,
        sum(count_linked) FILTER (out_of_scope = 'not_crime') AS not_crime,
        sum(count_linked) FILTER (out_of_scope IN ('too_wide', 'pending')) AS too_wide,
        sum(count_linked) FILTER (out_of_scope = 'counted_elsewhere') AS counted_elsewhere
    FROM out.mapping
    WHERE count_linked IS NOT NULL
    GROUP BY ALL
)
SELECT source, stage, counting_unit, total,
    {{shares}}
FROM linked
ORDER BY source, counting_unit
