-- Grain: one row for each column of the published cells: its type against the declared one; codes as an enumeration of
-- texts are text.
-- reads: cells
SELECT NULL AS stage, NULL AS counting_unit, NULL AS iccs, NULL AS ref_area, NULL AS time_period, NULL AS sex,
    NULL AS age, NULL AS found, NULL AS expected, there.column_type <> declared.type
        AND NOT (declared.type = 'VARCHAR' AND starts_with(there.column_type, 'ENUM(')) AS failing,
    declared.name || ' is ' || there.column_type || ', declared ' || declared.type AS detail
FROM (VALUES {{declared_types}}) AS declared (name, type)
JOIN (DESCRIBE FROM cells) AS there ON there.column_name = declared.name
