-- Four count columns become four rows: offences, and victims by sex. The column of all victims is their total (a control).
-- parts_listed marks a code whose parts (11_1, 11_2 ...) are listed too for the same province and year.
-- Grain: one row for each raw row and count column.
WITH marked AS (
    SELECT
        *,
        NOT contains(codigo_delito_snic_id, '_') AND bool_or(contains(codigo_delito_snic_id, '_')) OVER (
            PARTITION BY provincia_id, anio, split_part(codigo_delito_snic_id, '_', 1)
        ) AS parts_listed
    FROM raw
)
SELECT
    * REPLACE (replace(measured, 'cantidad_', '') AS measured),
    measured AS _column,
    CASE measured WHEN 'cantidad_hechos' THEN 'offences' ELSE 'victims' END AS measure
FROM marked UNPIVOT INCLUDE NULLS (persons_or_offences FOR measured IN (
    cantidad_hechos, cantidad_victimas_masc, cantidad_victimas_fem, cantidad_victimas_sd
))
