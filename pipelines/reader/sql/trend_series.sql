-- Grain: one row for each source, stage, counting unit and year of one area, ICCS category, sex and age.
-- reads: out.rate
SELECT source, stage, counting_unit, time_period, value, population, backcast_years, rate_per_100k, ci_low, ci_high, usual_low, usual_high, rate_at_least,
    rate_at_most, no_rate_reason, iccs_made_from,
    obs_status, completeness, caveats
FROM out.rate
WHERE iccs = $iccs AND ref_area = $area AND sex = $sex AND age = $age {{attributes}}
ORDER BY source, stage, counting_unit, time_period
