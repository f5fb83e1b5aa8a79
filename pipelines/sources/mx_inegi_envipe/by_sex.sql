-- Grain: two rows for each raw row: offences against men and against women. Only the first row is all of them.
-- reads: raw
SELECT *, 'Estados Unidos Mexicanos' AS place, sexes, measure, CAST(CAST(regexp_extract(_file, '_(20[0-9]{2})_est', 1) AS INTEGER) - 1 AS VARCHAR) AS year, figure, grade, _column, offence
FROM (
    SELECT *, 'offences' AS measure,
        CASE WHEN columns_label = 'Estados Unidos Mexicanos' THEN 'offences' ELSE 'outcome' END AS offence
    FROM (
        SELECT *, "Condición de denuncia Resultado de la denuncia" AS columns_label, 'men' AS sexes,
            "Sexo de la víctima | Hombres | Absolutos" AS figure, "Sexo de la víctima | Hombres | Absolutos | fill" AS grade,
            'Sexo de la víctima | Hombres | Absolutos' AS _column
        FROM raw
        UNION ALL
        SELECT *, "Condición de denuncia Resultado de la denuncia", 'women', "Sexo de la víctima | Mujeres | Absolutos",
            "Sexo de la víctima | Mujeres | Absolutos | fill", 'Sexo de la víctima | Mujeres | Absolutos'
        FROM raw
    )
)
