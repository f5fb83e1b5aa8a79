-- Grain: one row for each raw row.
-- reads: raw
SELECT *, 'violence' AS measure,
    concat(CASE WHEN "Series" LIKE '(a)%' THEN 'physical violence' ELSE 'sexual violence' END,
        CASE WHEN "Violence type" <> '' THEN ': ' || "Violence type" ELSE '' END) AS kind,
    "Sex" AS sexes,
    CASE WHEN "Age" <> '' THEN "Age" WHEN "Series" LIKE '%16 to 59%' THEN '16 to 59'
        WHEN "Series" LIKE '%16 to 74%' THEN '16 to 74' ELSE '16 and over' END AS ages,
    '' AS perpetrator,
    concat_ws(' ', nullif("Country of birth", ''), nullif("Disability status", ''), nullif("Sexual orientation", ''), nullif("Ethnicity", ''), nullif("Ethnic group", ''), nullif("Highest qualification", ''), nullif("Household income", ''), nullif("Region", ''), nullif("Urban or rural", '')) AS other
FROM raw
