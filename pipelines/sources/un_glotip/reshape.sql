-- How often a cell is written, and whether the sexes of a country, year and indicator fit the total printed beside them. Grain: one row for each raw row.
WITH number AS (
    SELECT *, TRY_CAST(replace(txtVALUE, ',', '') AS DOUBLE) AS persons, Age IN ('Total', 'Unknown') AS all_ages,
        count(*) OVER (PARTITION BY Iso3_code, Country, Indicator, Dimension, Category, Sex, Age, "Year") AS copies
    FROM raw
),
fitted AS (
    SELECT *, count(*) FILTER (Sex IN ('Female', 'Male') AND all_ages AND copies = 1) OVER series = 2 AND coalesce(
            sum(persons) FILTER (Sex <> 'Total' AND all_ages AND copies = 1) OVER series <= max(persons) FILTER (Sex = 'Total' AND all_ages) OVER series, true
        ) AS sexes_fit
    FROM number
    WINDOW series AS (PARTITION BY Iso3_code, Country, Indicator, Dimension, Category, "Year")
)
SELECT * EXCLUDE (persons, all_ages) REPLACE (Sex = 'Total' OR sexes_fit AS sexes_fit), 'txtVALUE' AS _column
FROM fitted
