-- Grain: one row for each source, stage, counting unit, country and year with a rate of one ICCS category, sex and age.
-- reads: out.rate, out.area
SELECT source, stage, counting_unit, ref_area, name_en AS country, CAST(time_period AS INTEGER) AS year, rate_per_100k,
    ci_low, ci_high, obs_status, rate.caveats
FROM out.rate
JOIN out.area ON area.code = rate.ref_area
WHERE iccs = $iccs AND sex = $sex AND age = $age AND rate.area_level = 'country' AND rate_per_100k IS NOT NULL {{attributes}}
ORDER BY source, stage, counting_unit, country, year
