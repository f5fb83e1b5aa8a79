-- Grain: one row for each year of one ICCS category, area, sex, age, source, stage and counting unit, with a rate.
SELECT source, stage, counting_unit, ref_area, sex, age, CAST(time_period AS INTEGER) AS year, value, population,
    rate_per_100k, ci_low, ci_high, obs_status, caveats
FROM out.rate
WHERE iccs = $iccs AND ref_area IN (SELECT unnest($areas)) AND sex IN (SELECT unnest($sexes))
    AND (age = '_T' OR $ages) AND age NOT IN ('_U', '_Z') AND rate_per_100k IS NOT NULL {{no_attributes}}
ORDER BY source, stage, counting_unit, ref_area, sex, age, year
