-- The code of a department is before its name ("01-Ain"). Grain: one row for each raw row.
SELECT *, split_part(Zone_geographique, '-', 1) AS zone FROM raw
