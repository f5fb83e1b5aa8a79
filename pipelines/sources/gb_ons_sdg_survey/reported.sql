-- Grain: one row for each raw row.
-- reads: raw
SELECT *, 'reported' AS measure, '' AS "Series",
    concat('reported', CASE WHEN "Type of violence" <> '' THEN ': ' || "Type of violence" ELSE '' END) AS kind,
    '' AS sexes,
    '16 and over' AS ages,
    '' AS perpetrator,
    '' AS other
FROM raw
