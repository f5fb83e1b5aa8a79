-- Each group beside the sum of its offences, but for the first, whose offences the export does not list in full. Grain: one row for each group and month.
WITH long AS (
    SELECT _file, _sheet, _row, trim("GRUPO DELICTUAL / DELITO") AS label, month_column, CAST(cases AS DOUBLE) AS cases
    FROM raw UNPIVOT INCLUDE NULLS (cases FOR month_column IN (COLUMNS('^20[0-9][0-9]')))
),
placed AS (
    SELECT *, CASE
        WHEN label LIKE '%armas%' AND label <> 'Infracción a ley de armas' THEN 'Infracción a ley de armas'
        WHEN label IN ('Amenazas', 'Comercio ambulante o clandestino', 'Consumo alcohol vía pública', 'Daños', 'Desórdenes', 'Ebriedad',
            'Otras incivilidades', 'Riña pública', 'Ruidos molestos') THEN 'Incivilidades'
        WHEN label LIKE 'Violencia intrafamiliar %' THEN 'Violencia intrafamiliar'
    END AS parent
    FROM long
)
SELECT total._file, any_value(total._sheet) AS _sheet, any_value(total._row) AS _row,
    CAST(any_value(total.cases) AS VARCHAR) AS group_total, CAST(sum(part.cases) AS VARCHAR) AS offences
FROM placed AS total
JOIN placed AS part ON part._file = total._file AND part.month_column = total.month_column AND part.parent = total.label
GROUP BY total._file, total.label, total.month_column
