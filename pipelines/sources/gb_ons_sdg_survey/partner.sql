-- Grain: one row for each raw row.
-- reads: raw
SELECT *, 'partner' AS measure,
    concat('partner abuse', CASE WHEN "Type of partner abuse" <> '' THEN ': ' || "Type of partner abuse" ELSE '' END,
        CASE WHEN "Abuse sub-category" <> '' THEN ': ' || "Abuse sub-category" ELSE '' END) AS kind,
    'Female' AS sexes,
    CASE WHEN "Age" <> '' THEN "Age" WHEN "Series" LIKE '%16 to 59%' THEN '16 to 59'
        WHEN "Series" LIKE '%16 to 74%' THEN '16 to 74' ELSE '16 and over' END AS ages,
    'Partner' AS perpetrator,
    concat_ws(' ', nullif("Ethnicity", ''), nullif("Ethnic group", ''), nullif("Disability status", ''), nullif("Country of birth", ''), nullif("Region", ''), nullif("Urban or Rural", ''), nullif("Sexual orientation", ''), nullif("Gender identity", ''), nullif("Highest qualification", ''), nullif("Household income", '')) AS other
FROM raw
