-- Grain: one row for each source, stage, counting unit, composition, area and year of the smoothed rates of one ICCS
-- category, sex, country and level of area.
-- reads: out.smoothed_rate
SELECT source, stage, counting_unit, ref_area, CAST(time_period AS INTEGER) AS year, iccs_made_from, value, population,
    population_source, rate_per_100k, ci_low, ci_high, few_events, smoothed_rate, smoothed_low, smoothed_high, own_weight, common_rate,
    areas_together, obs_status, caveats
FROM out.smoothed_rate
WHERE iccs = $iccs AND sex = $sex AND country = $area AND area_level = $level
ORDER BY source, stage, counting_unit, year, ref_area
