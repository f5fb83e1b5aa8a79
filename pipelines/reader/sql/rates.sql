-- Grain: one row for each year with a rate of one ICCS category, area, sex, age, source, stage and counting unit.
-- is_stock: persons counted on a day.
-- reads: out.rate, out.source
SELECT rate.source, stage, counting_unit, ref_area, sex, age, CAST(time_period AS INTEGER) AS year, value, population,
    rate_per_100k, ci_low, ci_high, usual_low, usual_high, population_source,
    iccs_made_from, obs_status, caveats,
    coalesce(list_contains(string_split(about.stocks, ';'), concat(stage, ' ', counting_unit)), false) AS is_stock
FROM out.rate AS rate
-- A release of an earlier version does not say which figures are of one day.
LEFT JOIN (SELECT NULL::VARCHAR AS stocks WHERE false UNION ALL BY NAME FROM out.source) AS about ON about.source = rate.source
WHERE iccs = $iccs AND ref_area IN (SELECT unnest($areas)) AND sex IN (SELECT unnest($sexes))
    AND CASE WHEN $age IS NULL THEN age NOT IN ('_T', '_U', '_Z') ELSE age = $age END
    AND rate_per_100k IS NOT NULL {{attributes}}
ORDER BY rate.source, stage, counting_unit, ref_area, sex, age, year
