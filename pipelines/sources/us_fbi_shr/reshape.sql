-- Kind and circumstance together make the national code.
-- Grain: one row for each raw row, a victim.
SELECT
    *,
    homicide_type || ' | ' || circumstance AS kind_and_circumstance
FROM raw
