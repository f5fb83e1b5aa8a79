-- Grain: one row for each annual count as a table prints it: all ICCS attributes together, with names. part: category
-- (countries, both sexes, all ages), area (areas in them), person (countries by sex and age).
-- reads: out.observation, out.area, out.iccs, out.sex, out.age
SELECT source, stage, counting_unit,
    CASE WHEN observation.area_level <> 'country' THEN 'area' WHEN sex = '_T' AND age = '_T' THEN 'category' ELSE 'person' END AS part,
    ref_area, coalesce(area.name_en, ref_area) AS area_name, iccs, coalesce(category.title_en, iccs) AS category,
    coalesce(sexes.label_en, sex) AS sex_name, coalesce(ages.label_en, age) AS age_name,
    time_period, value, obs_status, missing_reason, caveats
FROM out.observation AS observation
LEFT JOIN out.area AS area ON area.code = ref_area
LEFT JOIN out.iccs AS category ON category.code = iccs
LEFT JOIN out.sex AS sexes ON sexes.code = sex
LEFT JOIN out.age AS ages ON ages.code = age
WHERE freq = 'A' AND iccs IS NOT NULL AND ({{attributes}}) = ({{totals}})
    AND (observation.area_level = 'country' OR (sex = '_T' AND age = '_T'))
ORDER BY source, stage, counting_unit, part, ref_area, iccs, sex, age, time_period
