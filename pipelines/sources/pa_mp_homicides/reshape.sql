-- Months are names. Grain: one row for each raw row (a victim).
SELECT
    *,
    CASE mes
        WHEN 'Enero' THEN '01' WHEN 'Febrero' THEN '02' WHEN 'Marzo' THEN '03' WHEN 'Abril' THEN '04'
        WHEN 'Mayo' THEN '05' WHEN 'Junio' THEN '06' WHEN 'Julio' THEN '07' WHEN 'Agosto' THEN '08'
        WHEN 'Septiembre' THEN '09' WHEN 'Octubre' THEN '10' WHEN 'Noviembre' THEN '11' WHEN 'Diciembre' THEN '12'
        ELSE mes
    END AS month
FROM raw
