-- Sexes and ages are columns (m_13_14). A zero is never written: an empty cell is one, as the ages add up to the totals
-- of both sexes in every row without it (two controls). Grain: one row for each raw row, sex and age group.
SELECT * REPLACE (coalesce(arrests, '0') AS arrests), left(sex_age, 1) AS sex, substr(sex_age, 3) AS age, 'US' AS country
FROM raw UNPIVOT INCLUDE NULLS (arrests FOR sex_age IN (COLUMNS('^[mf]_[0-9]+(_[0-9]+)?$')))
