-- Grain: one row for each year in which a rate of one ICCS category, area, sex and age is only known to lie between two.
-- reads: out.rate
SELECT source, stage, counting_unit, ref_area, sex, age, CAST(time_period AS INTEGER) AS year, rate_at_least, rate_at_most
FROM out.rate
WHERE iccs = $iccs AND ref_area IN (SELECT unnest($areas)) AND rate_at_most IS NOT NULL {{attributes}}
ORDER BY source, stage, counting_unit, ref_area, sex, age, year
