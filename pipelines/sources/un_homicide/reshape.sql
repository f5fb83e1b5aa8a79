-- Whether the ages of each sex, and the sexes of a country and year, fit the total printed beside them. Grain: one row for each raw row.
WITH sex_line AS (
    SELECT iso3, year, sex, count(*) FILTER (age_group <> 'Все') AS bands, coalesce(sum(CAST("count" AS DOUBLE)) FILTER (age_group <> 'Все'), 0) AS in_ages,
        max(CAST("count" AS DOUBLE)) FILTER (age_group = 'Все') AS printed
    FROM raw
    GROUP BY ALL
),
country_year AS (
    SELECT iso3, year, bool_and(sex = 'Все' OR (bands = 9 AND in_ages <= printed + 0.5)) AS ages_fit,
        sum(printed) FILTER (sex <> 'Все') <= max(printed) FILTER (sex = 'Все') + 0.5 AS sexes_fit
    FROM sex_line
    GROUP BY ALL
)
SELECT raw.*, 'count' AS _column, age_group = 'Все' OR ages_fit AS ages_fit, sex = 'Все' OR coalesce(sexes_fit, true) AS sexes_fit
FROM raw
JOIN country_year USING (iso3, year)
