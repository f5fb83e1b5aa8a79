-- Grain: one row for each declared indicator: what it is, and which figures there are.
-- reads: out.indicator, declared_indicator
-- writes: out.indicator_definition
INSERT INTO out.indicator_definition BY NAME
WITH found AS (
    SELECT indicator, count(*) AS figures, count(DISTINCT ref_area) AS areas,
        min(time_period) AS first_period, max(time_period) AS last_period,
        list_value(
            CASE WHEN bool_or(sex IN ('M', 'F')) THEN 'sex' END,
            CASE WHEN bool_or(age <> '_T') THEN 'age' END,
            CASE WHEN bool_or(area_level <> 'country') THEN 'geography' END
        ) AS breakdowns
    FROM out.indicator
    WHERE value IS NOT NULL
    GROUP BY indicator
)
SELECT declared.* EXCLUDE (place) REPLACE (CASE WHEN figures IS NULL THEN not_produced_reason END AS not_produced_reason),
    coalesce(figures, 0) AS figures, coalesce(areas, 0) AS areas, figures IS NOT NULL AS produced,
    first_period, last_period,
    nullif(array_to_string(list_filter(breakdowns, lambda name: list_contains(string_split(expected_breakdown, ';'), name)), ';'), '')
        AS found_breakdown
FROM declared_indicator AS declared
LEFT JOIN found USING (indicator)
ORDER BY place
