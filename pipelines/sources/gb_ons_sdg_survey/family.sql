-- Grain: one row for each raw row.
-- reads: raw
SELECT *, 'family' AS measure, '' AS "Series",
    concat('family abuse: ', "Type of non-partner abuse",
        CASE WHEN "Abuse sub-type" <> '' THEN ': ' || "Abuse sub-type" ELSE '' END) AS kind,
    'Female' AS sexes,
    "Age" AS ages,
    "Relationship to perpetrator" AS perpetrator,
    '' AS other
FROM raw
