-- Grain: one row for each theme, country, source, stage and counting unit with any annual figure of its categories.
-- One aggregation for all themes: planning one for each takes longer than running it.
-- reads: out.observation
-- writes: out.theme_coverage
INSERT INTO out.theme_coverage BY NAME
WITH wanted AS (
    SELECT theme_id, unnest(categories) AS iccs
    FROM (VALUES
        {% for theme in themes %}
        ({{theme.theme_id}}, [{{theme.categories}}]){% if not loop.last %},{% endif %}
        {% endfor %}
    ) AS theme (theme_id, categories)
)
SELECT theme_id, left(ref_area, 2) AS country, source, stage, counting_unit,
    bool_or(CASE theme_id
        {% for theme in themes %}
        WHEN {{theme.theme_id}} THEN {{theme.conditions}}
        {% endfor %}
    END) AS conditions_met,
    min(time_period) AS first_period, max(time_period) AS last_period, count(DISTINCT time_period) AS years,
    bool_or(sex IN ('M', 'F')) AS by_sex,
    bool_or(starts_with(age, 'Y')) AS by_age,
    bool_or(area_level <> 'country') AS by_region
FROM out.observation
JOIN wanted USING (iccs)
WHERE freq = 'A' AND value IS NOT NULL
GROUP BY ALL
ORDER BY ALL
