-- Year and the Portuguese name of the month become one period; a state and month without a row did not report.
-- Grain: one row for each raw row.
SELECT
    *,
    "Ano" || '-' ||
    CASE "Mês"
        WHEN 'janeiro' THEN '01' WHEN 'fevereiro' THEN '02' WHEN 'março' THEN '03' WHEN 'abril' THEN '04'
        WHEN 'maio' THEN '05' WHEN 'junho' THEN '06' WHEN 'julho' THEN '07' WHEN 'agosto' THEN '08'
        WHEN 'setembro' THEN '09' WHEN 'outubro' THEN '10' WHEN 'novembro' THEN '11' WHEN 'dezembro' THEN '12'
    END AS period
FROM raw
