-- Grain: one row for each theme, country, source, stage and counting unit with any annual figure of its categories.
-- One statement for all themes: planning one for each takes longer than running it.
-- reads: out.observation
-- writes: out.theme_coverage
INSERT INTO out.theme_coverage BY NAME
WITH figure AS MATERIALIZED (
    FROM out.observation WHERE freq = 'A' AND value IS NOT NULL
)
{% for theme in themes %}
{% if not loop.first %}UNION ALL BY NAME{% endif %}
SELECT {{theme.theme_id}} AS theme_id, left(ref_area, 2) AS country, source, stage, counting_unit,
    bool_or({{theme.conditions}}) AS conditions_met,
    min(time_period) AS first_period, max(time_period) AS last_period, count(DISTINCT time_period) AS years,
    bool_or(sex IN ('M', 'F')) AS by_sex,
    bool_or(starts_with(age, 'Y')) AS by_age,
    bool_or(area_level <> 'country') AS by_region
FROM figure
WHERE iccs IN ({{theme.categories}})
GROUP BY ALL
{% endfor %}
ORDER BY ALL
