-- Grain: three rows for each raw row: its share of the offences against both, against men and against women, of which that of
-- offences reported to the prosecutor is used. Their numbers are in the tables of states.
-- reads: raw
SELECT *, 'Estados Unidos Mexicanos' AS place, 'both' AS sexes, 'reported_share' AS measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year,
    "Delitos ocurridos1 | Relativos" AS figure, "Delitos ocurridos1 | Relativos | fill" AS grade, 'Delitos ocurridos1 | Relativos' AS _column,
    CASE WHEN "Condición de denuncia Percepción de trato recibido" = 'Delitos denunciados' THEN 'offences' ELSE 'outcome' END AS offence
FROM raw
UNION ALL BY NAME
SELECT *, 'Estados Unidos Mexicanos' AS place, 'men' AS sexes, 'reported_share' AS measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year,
    "Sexo de la víctima | Hombres | Relativos" AS figure, "Sexo de la víctima | Hombres | Relativos | fill" AS grade, 'Sexo de la víctima | Hombres | Relativos' AS _column,
    CASE WHEN "Condición de denuncia Percepción de trato recibido" = 'Delitos denunciados' THEN 'offences' ELSE 'outcome' END AS offence
FROM raw
UNION ALL BY NAME
SELECT *, 'Estados Unidos Mexicanos' AS place, 'women' AS sexes, 'reported_share' AS measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year,
    "Sexo de la víctima | Mujeres | Relativos" AS figure, "Sexo de la víctima | Mujeres | Relativos | fill" AS grade, 'Sexo de la víctima | Mujeres | Relativos' AS _column,
    CASE WHEN "Condición de denuncia Percepción de trato recibido" = 'Delitos denunciados' THEN 'offences' ELSE 'outcome' END AS offence
FROM raw
