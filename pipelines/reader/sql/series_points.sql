-- Grain: one row for each source, stage, counting unit and period of one ICCS category, area and sex, all ages and
-- attributes, with the population of the year.
WITH people AS (
    SELECT time_period AS year, any_value(population ORDER BY source) AS population
    FROM out.rate
    WHERE ref_area = $area AND sex = $sex AND age = '_T' AND population IS NOT NULL
    GROUP BY ALL
)
SELECT source, stage, counting_unit, time_period, value, population, obs_status, caveats
FROM out.observation
LEFT JOIN people ON people.year = left(time_period, 4)
WHERE iccs = $iccs AND ref_area = $area AND sex = $sex AND freq = $freq AND age = '_T' {{no_attributes}}
ORDER BY source, stage, counting_unit, time_period
