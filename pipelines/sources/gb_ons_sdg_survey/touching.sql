-- Grain: one row for each raw row.
-- reads: raw
SELECT *, 'touching' AS measure,
    'indecent exposure or unwanted touching' AS kind,
    "Sex" AS sexes,
    CASE WHEN "Age" <> '' THEN "Age" WHEN "Series" LIKE '%16 to 59%' THEN '16 to 59'
        WHEN "Series" LIKE '%16 to 74%' THEN '16 to 74' ELSE '16 and over' END AS ages,
    "Relationship to perpetrator" AS perpetrator,
    concat_ws(' ', nullif("Ethnicity", ''), nullif("Income", ''), nullif("Disability status", ''), nullif("Country of birth", ''), nullif("Region", '')) AS other
FROM raw
