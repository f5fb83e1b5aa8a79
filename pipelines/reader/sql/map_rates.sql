-- Grain: one row for each source, stage, counting unit, area and year of one ICCS category, sex and age; the areas below
-- one, or the countries if none is given.
-- reads: out.rate, out.area
SELECT source, stage, counting_unit, ref_area, CAST(time_period AS INTEGER) AS year, value, population, population_source,
    rate_per_100k, ci_low, ci_high, few_events, iccs_made_from, obs_status, no_rate_reason, rate.caveats
FROM out.rate
JOIN out.area ON area.code = rate.ref_area
WHERE iccs = $iccs AND sex = $sex AND age = $age
    AND CASE WHEN $area IS NULL THEN area.area_level = 'country' ELSE area.parent = $area END {{attributes}}
ORDER BY source, stage, counting_unit, ref_area, year
