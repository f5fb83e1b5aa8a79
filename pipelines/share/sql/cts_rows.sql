-- Grain: one row for each country, year, row of the UN-CTS, sex and unit of measurement that has a figure. Of several
-- series of a country the preferred one is taken, for all years and all units: no row is filled from another. Status and
-- caveats of counts are those of the observation: those of a rate are also of its population.
-- reads: out.figure, out.series, out.source, out.observation, out.caveat, cts_row, country
WITH counted AS (
    SELECT source, ref_area, time_period, iccs, stage, counting_unit, sex, age, obs_status, caveats
    FROM out.observation
    WHERE freq = 'A' AND area_level = 'country' {{no_attributes}}
),
caveat_text AS (
    SELECT caveats, string_agg(label_en, '; ' ORDER BY code) AS words
    FROM (SELECT caveats, unnest(string_split(caveats, ';')) AS code FROM (SELECT DISTINCT caveats FROM counted))
    JOIN out.caveat USING (code)
    GROUP BY caveats
)
SELECT iso3 AS "Iso3_code", figure.area_en AS "Country", indicator AS "Indicator", dimension AS "Dimension",
    category AS "Category", {{sexes}} AS "Sex", 'Total' AS "Age", figure.time_period AS "Year",
    unit AS "Unit of measurement", CASE unit WHEN 'Counts' THEN value ELSE rate_per_100k END AS "VALUE",
    concat_ws(', ', about.publisher, about.title) AS "Source",
    CASE unit WHEN 'Counts' THEN counted.obs_status ELSE figure.obs_status END AS "Status",
    CASE unit WHEN 'Counts' THEN caveat_text.words ELSE figure.caveats_en END AS "Caveats"
FROM out.figure AS figure
JOIN counted ON counted.source = figure.source AND counted.ref_area = figure.ref_area
    AND counted.time_period = figure.time_period AND counted.iccs = figure.iccs AND counted.stage = figure.stage
    AND counted.counting_unit = figure.counting_unit AND counted.sex = figure.sex AND counted.age = figure.age
LEFT JOIN caveat_text ON caveat_text.caveats = counted.caveats
JOIN cts_row ON cts_row.iccs = figure.iccs AND cts_row.stage = figure.stage
    AND cts_row.counting_unit = figure.counting_unit
JOIN country ON country.code = figure.ref_area
JOIN out.series AS series ON series.source = figure.source AND series.ref_area = figure.ref_area
    AND series.iccs = figure.iccs AND series.stage = figure.stage AND series.counting_unit = figure.counting_unit
    AND series.sex = figure.sex AND series.age = figure.age
JOIN out.source AS about ON about.source = figure.source
CROSS JOIN (VALUES ('Counts'), ('Rate per 100,000 population')) AS units (unit)
WHERE figure.area_level = 'country' AND figure.age = '_T' AND figure.sex IN ('_T', 'M', 'F')
    AND CASE unit WHEN 'Counts' THEN value ELSE rate_per_100k END IS NOT NULL
QUALIFY preference = min(preference) OVER (PARTITION BY iso3, indicator, dimension, category, figure.sex = '_T')
ORDER BY ALL
