-- Rates are next to the counts. Grain: one row for each raw row and each of offences and victims.
SELECT _row, provincia_id AS ref_area, anio AS time_period, codigo_delito_snic_id AS national_code, 'offences' AS measure,
    cantidad_hechos AS count, tasa_hechos AS rate, '100000' AS per
FROM raw
UNION ALL
SELECT _row, provincia_id, anio, codigo_delito_snic_id, 'victims', cantidad_victimas, tasa_victimas, '100000'
FROM raw
