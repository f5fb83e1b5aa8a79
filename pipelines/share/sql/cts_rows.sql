-- Grain: one row for each country, year, row of the UN-CTS, sex and unit of measurement that has a figure. Of several
-- series of a country the preferred one is taken, for all years and all units: no row is filled from another.
-- reads: out.figure, out.series, out.source, cts_row, country
SELECT iso3 AS "Iso3_code", figure.area_en AS "Country", indicator AS "Indicator", dimension AS "Dimension",
    category AS "Category", {{sexes}} AS "Sex", 'Total' AS "Age", figure.time_period AS "Year",
    unit AS "Unit of measurement", CASE unit WHEN 'Counts' THEN value ELSE rate_per_100k END AS "VALUE",
    concat_ws(', ', about.publisher, about.title) AS "Source", figure.obs_status AS "Status",
    figure.caveats_en AS "Caveats"
FROM out.figure AS figure
JOIN cts_row USING (iccs, stage, counting_unit)
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
