-- Province codes have two digits; an age in weeks (S) becomes days, and one without a unit is unknown. Grain: one row for each raw row (a victim).
SELECT
    *,
    lpad(codigo_provincia, 2, '0') AS province,
    CASE medida_edad
        WHEN 'S' THEN CAST(7 * TRY_CAST(edad AS INTEGER) AS STRING)
        WHEN 'SIN_DATO' THEN 'SIN_DATO'
        ELSE edad
    END AS age_number,
    CASE medida_edad WHEN 'S' THEN 'D' WHEN 'SIN_DATO' THEN 'A' ELSE medida_edad END AS age_unit
FROM raw
