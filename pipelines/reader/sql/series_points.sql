-- Grain: one row for each source, stage, counting unit and period of one ICCS category, area, sex, age and combination of
-- attributes, with the population of the year.
-- reads: out.rate, out.observation
WITH people AS (
    SELECT time_period AS year, any_value(population ORDER BY source) AS population
    FROM out.rate
    WHERE ref_area = $area AND sex = $sex AND age = $age AND population IS NOT NULL
    GROUP BY ALL
)
SELECT source, stage, counting_unit, time_period, value, population, obs_status, caveats
FROM out.observation
LEFT JOIN people ON people.year = left(time_period, 4)
WHERE iccs = $iccs AND ref_area = $area AND sex = $sex AND freq = $freq AND age = $age {{attributes}}
ORDER BY source, stage, counting_unit, time_period
