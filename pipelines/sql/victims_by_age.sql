-- Grain: one row for each source, sex and age of the victims of one ICCS category, area and year.
SELECT source, sex, age, value
FROM out.observation
WHERE iccs = $iccs AND ref_area = $area AND time_period = $year AND freq = 'A' AND counting_unit = 'victim'
    AND attempted = '_T' AND weapon = '_T' AND relationship = '_T' AND citizenship = '_T'
    AND motive = '_T' AND cyber = '_T' AND situational_context = '_T'
ORDER BY source, sex, age
