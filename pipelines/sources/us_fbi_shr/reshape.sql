-- Kind and circumstance together make the national code. Numbers carry a decimal point (999.0).
-- Grain: one row for each raw row, a victim.
SELECT
    *,
    CAST(CAST(TRY_CAST(vic_age AS DOUBLE) AS INTEGER) AS STRING) AS age,
    homicide_type || ' | ' || circumstance AS kind_and_circumstance
FROM raw
