-- Grain: one row for each area and period of one series (source, ICCS category, stage, counting unit, sex, age), with the
-- population of the year: all areas of the same level and country as one area, or all countries if it is a country
-- (is_alike), and the other areas asked for.
-- reads: out.observation, out.rate, out.area
WITH level AS (
    SELECT area_level, CASE WHEN area_level <> 'country' THEN left(code, 2) END AS country FROM out.area WHERE code = $area
),
asked AS (
    SELECT area.code, area.area_level = level.area_level AND (level.country IS NULL OR left(area.code, 2) = level.country) AS is_alike
    FROM out.area AS area
    CROSS JOIN level
    WHERE is_alike OR list_contains($others, area.code)
),
people AS (
    SELECT ref_area, time_period AS year, any_value(population ORDER BY source) AS population
    FROM out.rate
    WHERE sex = $sex AND age = $age AND population IS NOT NULL
    GROUP BY ALL
)
SELECT one.ref_area, asked.is_alike, one.time_period, one.value, people.population, one.obs_status, one.caveats
FROM out.observation AS one
JOIN asked ON asked.code = one.ref_area
LEFT JOIN people ON people.ref_area = one.ref_area AND people.year = left(one.time_period, 4)
WHERE one.iccs = $iccs AND one.sex = $sex AND one.freq = $freq AND one.age = $age AND one.source = $source
    AND one.stage = $stage AND one.counting_unit = $counting_unit {{attributes}}
ORDER BY one.ref_area, one.time_period
