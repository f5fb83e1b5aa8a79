-- Grain: one row for each source, stage, counting unit, sex and age of one ICCS category, area and year.
-- reads: out.observation
SELECT source, stage, counting_unit, CAST(time_period AS INTEGER) AS year, sex, age, value, caveats
FROM out.observation
WHERE iccs = $iccs AND ref_area = $area AND time_period = $year AND freq = 'A' {{attributes}}
ORDER BY source, stage, counting_unit, sex, age
