-- Grain: one row for each raw row.
SELECT * EXCLUDE (sexo), lower(sexo) AS sex FROM raw
