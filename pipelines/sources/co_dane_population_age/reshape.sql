-- One column for each sex and single year of age (hombres_0 ... mujeres_100). Grain: one row for each raw row, sex and age.
SELECT * EXCLUDE (sex_age), split_part(sex_age, '_', 1) AS sex, split_part(sex_age, '_', 2) AS age
FROM raw UNPIVOT INCLUDE NULLS (persons FOR sex_age IN (COLUMNS('^(hombres|mujeres)_[0-9]+$')))
