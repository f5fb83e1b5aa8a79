-- Grain: one row, of one declared indicator: what it is, and which figures there are.
-- reads: out.indicator
-- writes: out.indicator_definition
INSERT INTO out.indicator_definition BY NAME
WITH figures AS (
    FROM out.indicator WHERE indicator = {{indicator}} AND value IS NOT NULL
),
found AS (
    SELECT count(*) AS figures, count(DISTINCT ref_area) AS areas, count(*) > 0 AS produced,
        min(time_period) AS first_period, max(time_period) AS last_period,
        list_value(
            CASE WHEN bool_or(sex IN ('M', 'F')) THEN 'sex' END,
            CASE WHEN bool_or(age <> '_T') THEN 'age' END,
            CASE WHEN bool_or(area_level <> 'country') THEN 'geography' END
        ) AS breakdowns
    FROM figures
)
SELECT {{texts}}, figures, areas, produced, first_period, last_period, {{left_out}} AS left_out,
    nullif(array_to_string(list_filter(breakdowns, lambda name: list_contains(string_split(expected_breakdown, ';'), name)), ';'), '')
        AS found_breakdown
FROM found
