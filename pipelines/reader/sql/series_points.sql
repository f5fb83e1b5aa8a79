-- Grain: one row for each source, stage, counting unit and period of one ICCS category, area, sex, age and combination of
-- attributes, with the population of the year and the caveats of its rates. is_stock: persons counted on a day.
-- reads: out.rate, out.observation, out.source
WITH people AS (
    SELECT time_period AS year, any_value(population ORDER BY source) AS population,
        any_value(array_to_string(list_filter(string_split(coalesce(caveats, ''), ';'),
            lambda code: list_contains($population_caveats, code)), ';') ORDER BY source) AS population_caveats
    FROM out.rate
    WHERE ref_area = $area AND sex = $sex AND age = $age AND population IS NOT NULL
    GROUP BY ALL
)
SELECT cell.source, stage, counting_unit, time_period, value, population, obs_status, caveats, population_caveats,
    coalesce(list_contains(string_split(about.stocks, ';'), concat(stage, ' ', counting_unit)), false) AS is_stock
FROM out.observation AS cell
LEFT JOIN people ON people.year = left(time_period, 4)
-- A release of an earlier version does not say which figures are of one day.
LEFT JOIN (SELECT NULL::VARCHAR AS stocks WHERE false UNION ALL BY NAME FROM out.source) AS about ON about.source = cell.source
WHERE iccs = $iccs AND ref_area = $area AND sex = $sex AND freq = $freq AND age = $age {{attributes}}
ORDER BY cell.source, stage, counting_unit, time_period
