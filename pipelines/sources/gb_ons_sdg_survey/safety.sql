-- Grain: one row for each raw row.
-- reads: raw
SELECT *, 'safety' AS measure,
    'feels safe walking alone after dark' AS kind,
    "Sex" AS sexes,
    CASE WHEN "Age" <> '' THEN "Age" ELSE '16 and over' END AS ages,
    '' AS perpetrator,
    concat_ws(' ', nullif("Country of birth", ''), nullif("Disability status", ''), nullif("Ethnicity", ''), nullif("Ethnic group", ''), nullif("Household income", ''), nullif("Region", ''), nullif("Urban or rural", ''), nullif("Sexual orientation", ''), nullif("Highest qualification", '')) AS other
FROM raw
