-- Grain: one row for each source, sex and age of the victims of one ICCS category, area and year.
SELECT source, sex, age, value
FROM out.observation
WHERE iccs = $iccs AND ref_area = $area AND time_period = $year AND freq = 'A' AND counting_unit = 'victim' {{no_attributes}}
ORDER BY source, sex, age
