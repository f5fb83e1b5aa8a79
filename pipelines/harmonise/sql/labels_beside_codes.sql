-- Grain: one row for each national code, word beside it in an unused column, and label of its link, in used rows.
-- reads: core, {{links}}
SELECT CAST(core.national_code AS VARCHAR) AS code, word, link.national_label AS link_label,
    min(CAST(core.time_period AS VARCHAR)) AS first_period, max(CAST(core.time_period AS VARCHAR)) AS last_period
FROM core
JOIN (SELECT _file, coalesce(_sheet, '') AS _sheet, _row, trim({{column}}) AS word FROM {{raw}}) AS row_of_text
    ON row_of_text._file = core._file AND row_of_text._row = core._row AND row_of_text._sheet = coalesce(core._sheet, '')
JOIN read_parquet({{links}}) AS link USING (link)
WHERE word <> ''
GROUP BY ALL
ORDER BY ALL
LIMIT {{most}}
