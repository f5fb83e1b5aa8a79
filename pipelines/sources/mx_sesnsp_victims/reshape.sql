-- Twelve month columns become twelve rows. Grain: one row for each raw row and month.
SELECT
    * RENAME (month_name AS _column),
    "Año" || '-' || CASE month_name
        WHEN 'Enero' THEN '01' WHEN 'Febrero' THEN '02' WHEN 'Marzo' THEN '03' WHEN 'Abril' THEN '04'
        WHEN 'Mayo' THEN '05' WHEN 'Junio' THEN '06' WHEN 'Julio' THEN '07' WHEN 'Agosto' THEN '08'
        WHEN 'Septiembre' THEN '09' WHEN 'Octubre' THEN '10' WHEN 'Noviembre' THEN '11' WHEN 'Diciembre' THEN '12'
    END AS period
FROM raw UNPIVOT INCLUDE NULLS (victims FOR month_name IN (
    Enero, Febrero, Marzo, Abril, Mayo, Junio, Julio, Agosto, Septiembre, Octubre, Noviembre, Diciembre
))
