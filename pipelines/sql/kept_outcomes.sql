-- Grain: one row for each failing thing of one rule, and one for those that passed in a period, of years that are kept.
UNION ALL BY NAME
SELECT * EXCLUDE (rule) FROM judged_before WHERE rule = {{rule}}
