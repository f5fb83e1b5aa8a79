-- Grain: one row for each SDG series, country, year and sex that has a figure. Of several sources the preferred one of the
-- area and category is taken.
-- reads: out.figure, out.source, out.indicator, out.indicator_definition, cts_row, country
WITH figures AS (
    SELECT sdg, series, figure.ref_area, figure.time_period, figure.sex, figure.source, figure.obs_status, figure.caveats,
        is_preferred,
        CASE series WHEN sdg_number THEN 'NUMBER' ELSE 'PER_100000_POP' END AS units,
        CASE series WHEN sdg_number THEN figure.value ELSE figure.rate_per_100k END AS value
    FROM out.figure AS figure
    JOIN cts_row USING (iccs, stage, counting_unit)
    CROSS JOIN unnest([sdg_number, sdg_rate]) AS both_series (series)
    WHERE sdg IS NOT NULL AND figure.age = '_T' AND figure.sex IN ('_T', 'M', 'F')
    UNION ALL BY NAME
    SELECT sdg, 'VC_PRS_UNSNT' AS series, ref_area, time_period, sex, source, obs_status, caveats, true AS is_preferred,
        'PERCENT' AS units, value
    FROM out.indicator
    JOIN out.indicator_definition USING (indicator)
    WHERE sdg = '16.3.2' AND age = '_T' AND sex IN ('_T', 'M', 'F')
)
SELECT sdg AS "Indicator", series AS "SeriesCode", m49 AS "GeoAreaCode", country.name AS "GeoAreaName",
    time_period AS "TimePeriod", sex AS "Sex", '_T' AS "Age", units AS "Units", value AS "Value",
    CASE WHEN obs_status IN ('E', 'P') THEN obs_status ELSE 'C' END AS "Nature",
    concat_ws(', ', about.publisher, about.title) AS "Source"
FROM figures
JOIN country ON country.code = ref_area
JOIN out.source AS about ON about.source = figures.source
WHERE value IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY series, m49, time_period, figures.sex ORDER BY is_preferred DESC, figures.source
) = 1
ORDER BY ALL
