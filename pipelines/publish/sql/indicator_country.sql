-- Grain: one row for each source, area below a country, year, stage, counting unit, sex and age where both the area and
-- its country have a rate on populations of one source: the counts and populations of both.
-- reads: out.rate, out.area
WITH cell AS (
    FROM out.rate
    WHERE {{counts}} AND rate_per_100k IS NOT NULL
    QUALIFY {{preferred}}
),
below AS (  -- areas of the second level lie in one of the first
    SELECT low.code AS ref_area, coalesce(middle.parent, low.parent) AS country
    FROM out.area AS low
    LEFT JOIN out.area AS middle ON middle.code = low.parent
    WHERE low.parent IS NOT NULL
)
SELECT
    source, area.vintage, area.ref_area, area.area_level, time_period, area.iccs_made_from, stage, counting_unit, sex, age,
    area.value AS numerator, country.value AS denominator,
    area.population AS top_population, country.population AS bottom_population,
    area.obs_status AS area_status, country.obs_status AS country_status,
    least(area.completeness, country.completeness) AS completeness,
    out.join_caveats(area.caveats, country.caveats) AS caveats
FROM cell AS area
JOIN below ON below.ref_area = area.ref_area
JOIN cell AS country USING (source, time_period, stage, counting_unit, sex, age, population_source)
WHERE country.ref_area = below.country
ORDER BY ALL
