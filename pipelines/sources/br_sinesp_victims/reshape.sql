-- Year and the Portuguese name of the month become one period. A state and month without a row did not report and stays
-- missing. Where it reports victims by sex, a sex without a row has none: a zero is written, with the number of the row
-- it follows from. Where it reports only victims of unknown sex (Paraná 2015-2017), men and women stay missing.
-- Grain: one row for each raw row, and for each sex that a state reporting by sex leaves out for an offence and month.
WITH dated AS (
    SELECT
        *,
        "Ano" || '-' || CASE "Mês"
            WHEN 'janeiro' THEN '01' WHEN 'fevereiro' THEN '02' WHEN 'março' THEN '03' WHEN 'abril' THEN '04'
            WHEN 'maio' THEN '05' WHEN 'junho' THEN '06' WHEN 'julho' THEN '07' WHEN 'agosto' THEN '08'
            WHEN 'setembro' THEN '09' WHEN 'outubro' THEN '10' WHEN 'novembro' THEN '11' WHEN 'dezembro' THEN '12'
        END AS period,
        CASE WHEN "Sexo da Vítima" IN ('Masculino', 'Feminino') THEN "Sexo da Vítima" ELSE 'Sexo NI' END AS sex_group
    FROM raw
),
reported AS (
    SELECT
        min(_file) AS _file, min(_sheet) AS _sheet, min(_row) AS _row, "UF", "Tipo Crime", period,
        list_filter(['Masculino', 'Feminino', 'Sexo NI'], lambda one: NOT list_contains(list(sex_group), one)) AS left_out
    FROM dated
    GROUP BY "UF", "Tipo Crime", period
    HAVING bool_or(sex_group <> 'Sexo NI')
)
SELECT _file, _sheet, _row, "UF", "Tipo Crime", period, "Sexo da Vítima", "Vítimas"
FROM dated
UNION ALL BY NAME
SELECT _file, _sheet, _row, "UF", "Tipo Crime", period, unnest(left_out) AS "Sexo da Vítima", '0' AS "Vítimas"
FROM reported
