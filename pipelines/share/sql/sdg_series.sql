-- Grain: one row for each SDG series, country, year and sex that has a figure. Of several series of a country the preferred
-- one is taken, for all years: no year is filled from another. Status and caveats of numbers are those of the observation:
-- those of a rate are also of its population.
-- reads: out.figure, out.series, out.source, out.caveat, out.observation, out.rate, out.indicator, out.indicator_definition, cts_row, country
WITH caveat_text AS (
    SELECT caveats, string_agg(label_en, '; ' ORDER BY code) AS footnote
    FROM (
        SELECT caveats, unnest(string_split(caveats, ';')) AS code
        FROM (
            SELECT DISTINCT caveats FROM out.rate UNION SELECT DISTINCT caveats FROM out.indicator
            UNION SELECT DISTINCT caveats FROM out.observation
        )
    )
    JOIN out.caveat USING (code)
    GROUP BY caveats
),
counted AS (
    SELECT source, ref_area, time_period, iccs, stage, counting_unit, sex, age, obs_status, caveats
    FROM out.observation
    WHERE freq = 'A' {{no_attributes}}
),
figures AS (
    SELECT sdg, series, figure.ref_area, figure.time_period, figure.sex, figure.source,
        CASE series WHEN sdg_number THEN counted.obs_status ELSE figure.obs_status END AS obs_status,
        CASE series WHEN sdg_number THEN counted.caveats ELSE figure.caveats END AS caveats, preference,
        CASE series WHEN sdg_number THEN 'NUMBER' ELSE 'PER_100000_POP' END AS units,
        CASE series WHEN sdg_number THEN figure.value ELSE figure.rate_per_100k END AS value
    FROM out.figure AS figure
    JOIN counted ON counted.source = figure.source AND counted.ref_area = figure.ref_area
        AND counted.time_period = figure.time_period AND counted.iccs = figure.iccs AND counted.stage = figure.stage
        AND counted.counting_unit = figure.counting_unit AND counted.sex = figure.sex AND counted.age = figure.age
    JOIN out.series AS one ON one.source = figure.source AND one.ref_area = figure.ref_area AND one.iccs = figure.iccs
        AND one.stage = figure.stage AND one.counting_unit = figure.counting_unit AND one.sex = figure.sex
        AND one.age = figure.age
    JOIN cts_row ON cts_row.iccs = figure.iccs AND cts_row.stage = figure.stage
        AND cts_row.counting_unit = figure.counting_unit
    CROSS JOIN unnest([sdg_number, sdg_rate]) AS both_series (series)
    WHERE sdg IS NOT NULL AND figure.age = '_T' AND figure.sex IN ('_T', 'M', 'F')
    UNION ALL BY NAME
    SELECT sdg, 'VC_PRS_UNSNT' AS series, ref_area, time_period, sex, source, obs_status, caveats, 1 AS preference,
        'PERCENT' AS units, value
    FROM out.indicator
    JOIN out.indicator_definition USING (indicator)
    WHERE sdg = '16.3.2' AND age = '_T' AND sex IN ('_T', 'M', 'F')
)
SELECT sdg AS "Indicator", series AS "SeriesCode", m49 AS "GeoAreaCode", country.name AS "GeoAreaName",
    time_period AS "TimePeriod", sex AS "Sex", '_T' AS "Age", units AS "Units", value AS "Value",
    CASE WHEN obs_status = 'E' THEN 'E' ELSE 'C' END AS "Nature",  -- estimated, or the country's own data
    obs_status AS "Observation Status", concat_ws(', ', about.publisher, about.title) AS "Source", footnote AS "FootNote"
FROM figures
JOIN country ON country.code = ref_area
JOIN out.source AS about ON about.source = figures.source
LEFT JOIN caveat_text USING (caveats)
WHERE value IS NOT NULL
QUALIFY (preference, figures.source) = min((preference, figures.source)) OVER (PARTITION BY sdg, m49, figures.sex = '_T')
ORDER BY ALL
