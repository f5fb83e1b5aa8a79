-- Grain: two rows for each raw row: how many offences, and which share of them is not known to an investigation. The
-- year is the one that people were asked about, which is before that of the survey.
-- A merged header covers an empty column, which has its name too.
-- reads: raw
SELECT *, "Entidad federativa" AS place, 'offences' AS offence, 'both' AS sexes, 'offences' AS measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year,
    CASE WHEN "Delitos ocurridos1 (2)" IS NULL THEN "Delitos ocurridos1" END AS figure, "Delitos ocurridos1 | fill" AS grade, 'Delitos ocurridos1' AS _column
FROM raw
UNION ALL
SELECT *, "Entidad federativa", 'offences', 'both', 'dark_share', CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR),
    "Cifra negra2 | Relativos", "Cifra negra2 | Relativos | fill", 'Cifra negra2 | Relativos'
FROM raw
