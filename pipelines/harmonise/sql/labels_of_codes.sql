-- Grain: one row for each national code, label with which the rows of a source have it, and label of its link.
-- reads: core, {{links}}
SELECT CAST(core.national_code AS VARCHAR) AS code, CAST(core.national_label AS VARCHAR) AS label,
    link.national_label AS link_label, min(CAST(core.time_period AS VARCHAR)) AS first_period,
    max(CAST(core.time_period AS VARCHAR)) AS last_period
FROM core
JOIN read_parquet({{links}}) AS link USING (link)
GROUP BY ALL
ORDER BY ALL
