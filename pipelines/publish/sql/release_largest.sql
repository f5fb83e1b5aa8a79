-- Grain: one row for each of the cells whose value changed most between two releases.
-- reads: differing
SELECT {{key}}, old_value, new_value, new_value - old_value AS change,
    {{percent}} AS change_percent, {{no_percent}} AS no_percent_reason
FROM differing
WHERE difference = 'changed' AND old_value IS NOT NULL AND new_value IS NOT NULL
ORDER BY abs(new_value - old_value) DESC, {{key}}
LIMIT {{largest}}
