-- out.counts_by_age_band(bands): counts in the age bands of the ICCS (bands = 'iccs': 0-14, 15-29, 30-44, 45-59, 60 and
-- over) or for minors and adults ('minor_adult': 0-17, 18 and over), with _U and _T as published. Only cells that are
-- broken down by age. rollup: complete; incomplete (a part has no value); not_filled (the age groups of the source do not
-- fill the band, e.g. because 15-19 crosses 18): value is then NULL. Groups that overlap are of different persons, such as
-- those known only to be minors beside those of 0 to 14, and all groups inside a band are in it; its caveats say so.
-- Grain: one row for each source, area, period, category, stage, counting unit, sex, attributes and band.
-- reads: out.observation, out.age
CREATE OR REPLACE MACRO out.counts_by_age_band(bands) AS TABLE
WITH band (band_set, age, low, high) AS (
    VALUES {{age_bands}}
),
asked AS (
    SELECT age AS band, low AS band_low, high AS band_high
    FROM band
    WHERE band_set = CASE WHEN bands IN ('iccs', 'minor_adult') THEN bands
        ELSE error('counts_by_age_band: bands is ''iccs'' or ''minor_adult''') END
),
grouped AS (
    SELECT cell.*, coalesce(lower_age, 0) AS low, coalesce(upper_age, 200) AS high
    FROM out.observation AS cell
    JOIN out.age AS age_group ON age_group.code = cell.age
    WHERE cell.age NOT IN ('_T', '_U', '_Z')
),
inside AS (
    SELECT grouped.*, band, band_low, band_high, max(high) OVER (
        PARTITION BY source, ref_area, time_period, freq, iccs, stage, counting_unit, sex, {{attributes}}, band
        ORDER BY low, high ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS high_before
    FROM grouped
    JOIN asked ON low >= band_low AND high <= band_high
),
made AS (
    SELECT source, ref_area, time_period, freq, iccs, stage, counting_unit, sex, {{attributes}}, band,
        sum(value) AS value, count(value) = count(*) AS whole,
        -- Groups that overlap are of different persons (persons known only to be minors, beside those of 0 to 14):
        -- a table in which one holds the others is refused when it is loaded (band_beside_parts).
        bool_and(low <= coalesce(high_before + 1, band_low)) AND max(high) = max(band_high) AS fills,
        out.weakest_status(obs_status) AS status,
        out.merge_caveats(caveats) AS caveats
    FROM inside
    GROUP BY ALL
),
broken_down AS (
    SELECT DISTINCT source, vintage, ref_area, area_level, time_period, freq, iccs, iccs_made_from, stage, counting_unit, sex,
        {{attributes}}
    FROM grouped
)
SELECT source, vintage, ref_area, area_level, time_period, freq, iccs, iccs_made_from, stage, counting_unit, sex,
    asked.band AS age,
    {{attributes}},
    CASE WHEN fills AND whole THEN value END AS value,
    CASE WHEN coalesce(fills AND whole, false) THEN status ELSE 'O' END AS obs_status,
    CASE WHEN fills AND whole THEN 'complete' WHEN fills THEN 'incomplete' ELSE 'not_filled' END AS rollup,
    caveats
FROM broken_down
CROSS JOIN asked
LEFT JOIN made USING (source, ref_area, time_period, freq, iccs, stage, counting_unit, sex, {{attributes}}, band)
UNION ALL BY NAME
SELECT source, vintage, ref_area, area_level, time_period, freq, iccs, iccs_made_from, stage, counting_unit, sex, age,
    {{attributes}}, value, obs_status, CASE WHEN value IS NULL THEN 'incomplete' ELSE 'complete' END AS rollup, caveats
FROM out.observation
SEMI JOIN broken_down USING (source, ref_area, time_period, freq, iccs, stage, counting_unit, sex, {{attributes}})
WHERE age IN ('_T', '_U')
