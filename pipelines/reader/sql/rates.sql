-- Grain: one row for each year with a rate of one ICCS category, area, sex, age, source, stage and counting unit.
-- reads: out.rate
SELECT source, stage, counting_unit, ref_area, sex, age, CAST(time_period AS INTEGER) AS year, value, population,
    rate_per_100k, ci_low, ci_high, usual_low, usual_high, population_source,
    iccs_made_from, obs_status, caveats
FROM out.rate
WHERE iccs = $iccs AND ref_area IN (SELECT unnest($areas)) AND sex IN (SELECT unnest($sexes))
    AND CASE WHEN $age IS NULL THEN age NOT IN ('_T', '_U', '_Z') ELSE age = $age END
    AND rate_per_100k IS NOT NULL {{attributes}}
ORDER BY source, stage, counting_unit, ref_area, sex, age, year
