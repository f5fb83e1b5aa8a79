-- Numbers carry a decimal point (1976.0). Kind and circumstance together make the national code.
-- Grain: one row for each raw row, a victim.
SELECT
    *,
    year::DOUBLE::INTEGER || '-' || lpad(month::DOUBLE::INTEGER::VARCHAR, 2, '0') AS period,
    vic_age::DOUBLE::INTEGER::VARCHAR AS age,
    homicide_type || ' | ' || circumstance AS kind_and_circumstance
FROM raw
