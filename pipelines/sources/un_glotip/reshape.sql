-- How often a cell is written, and whether parts by sex and age fit the totals printed beside them. Grain: one row for each raw row.
WITH number AS (
    SELECT *, Country || ' ' || Indicator || ' ' || "Year" AS series, TRY_CAST(replace(txtVALUE, ',', '') AS DOUBLE) AS persons,
        count(*) OVER (PARTITION BY Iso3_code, Country, Indicator, Dimension, Category, Sex, Age, "Year") AS copies
    FROM raw
),
total AS (
    SELECT * FROM number WHERE Dimension = 'Total' AND copies = 1 AND (Sex = 'Total' OR Age = 'Total')
),
part AS (
    SELECT total.series, total.Sex, total.Age, total.persons, sum(inside.persons) AS in_parts
    FROM total
    JOIN number AS inside ON inside.series = total.series AND inside.Dimension = 'Total' AND inside.copies = 1
        AND (total.Sex IN ('Total', inside.Sex)) AND (total.Age IN ('Total', inside.Age))
        AND (inside.Sex <> total.Sex OR inside.Age <> total.Age)
    GROUP BY total.series, total.Sex, total.Age, total.persons, inside.Sex = 'Total', inside.Age = 'Total'
),
divided AS (
    SELECT series, bool_and(coalesce(in_parts <= persons, true)) AS parts_fit FROM part GROUP BY series
)
SELECT number.* EXCLUDE (series, persons), 'txtVALUE' AS _column, (Sex = 'Total' AND Age = 'Total') OR coalesce(parts_fit, true) AS parts_fit
FROM number
LEFT JOIN divided USING (series)
