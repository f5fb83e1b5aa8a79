-- Grain: five rows for each raw row: offences against men and against women, of which only the first row is all of them; and
-- the share of both, of men and of women, of which that of offences reported to the prosecutor is used.
-- reads: raw
SELECT *, 'Estados Unidos Mexicanos' AS place, 'men' AS sexes, 'offences' AS measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year,
    "Sexo de la víctima | Hombres | Absolutos" AS figure, "Sexo de la víctima | Hombres | Absolutos | fill" AS grade, 'Sexo de la víctima | Hombres | Absolutos' AS _column,
    CASE WHEN "Condición de denuncia Resultado de la denuncia" = 'Estados Unidos Mexicanos' THEN 'offences' ELSE 'outcome' END AS offence
FROM raw
UNION ALL BY NAME
SELECT *, 'Estados Unidos Mexicanos' AS place, 'women' AS sexes, 'offences' AS measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year,
    "Sexo de la víctima | Mujeres | Absolutos" AS figure, "Sexo de la víctima | Mujeres | Absolutos | fill" AS grade, 'Sexo de la víctima | Mujeres | Absolutos' AS _column,
    CASE WHEN "Condición de denuncia Resultado de la denuncia" = 'Estados Unidos Mexicanos' THEN 'offences' ELSE 'outcome' END AS offence
FROM raw
UNION ALL BY NAME
SELECT *, 'Estados Unidos Mexicanos' AS place, 'both' AS sexes, 'reported_share' AS measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year,
    "Total de delitos ocurridos1 | Relativos" AS figure, "Total de delitos ocurridos1 | Relativos | fill" AS grade, 'Total de delitos ocurridos1 | Relativos' AS _column,
    CASE WHEN "Condición de denuncia Resultado de la denuncia" = 'Delitos denunciados' THEN 'offences' ELSE 'outcome' END AS offence
FROM raw
UNION ALL BY NAME
SELECT *, 'Estados Unidos Mexicanos' AS place, 'men' AS sexes, 'reported_share' AS measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year,
    "Sexo de la víctima | Hombres | Relativos" AS figure, "Sexo de la víctima | Hombres | Relativos | fill" AS grade, 'Sexo de la víctima | Hombres | Relativos' AS _column,
    CASE WHEN "Condición de denuncia Resultado de la denuncia" = 'Delitos denunciados' THEN 'offences' ELSE 'outcome' END AS offence
FROM raw
UNION ALL BY NAME
SELECT *, 'Estados Unidos Mexicanos' AS place, 'women' AS sexes, 'reported_share' AS measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year,
    "Sexo de la víctima | Mujeres | Relativos" AS figure, "Sexo de la víctima | Mujeres | Relativos | fill" AS grade, 'Sexo de la víctima | Mujeres | Relativos' AS _column,
    CASE WHEN "Condición de denuncia Resultado de la denuncia" = 'Delitos denunciados' THEN 'offences' ELSE 'outcome' END AS offence
FROM raw
