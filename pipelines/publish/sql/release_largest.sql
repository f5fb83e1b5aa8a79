-- Grain: one row for each of the cells whose value changed most between two releases.
-- reads: differing
SELECT {{key}}, old_value, new_value, new_value - old_value AS change,
    (new_value - old_value) / nullif(old_value, 0) * 100 AS change_percent
FROM differing
WHERE difference = 'changed' AND old_value IS NOT NULL AND new_value IS NOT NULL
ORDER BY abs(new_value - old_value) DESC, {{key}}
LIMIT {{largest}}
