-- Grain: one row for each declared indicator: whether any cell of the release is of its category, whether any can be its
-- numerator, has the population it needs, and whether any can be its denominator.
-- One statement for all: planning one for each takes longer than running it.
-- reads: out.rate
WITH input AS (
    SELECT NULL::VARCHAR AS indicator, NULL::BOOLEAN AS is_counted, NULL::BOOLEAN AS top,
        NULL::BOOLEAN AS top_population, NULL::BOOLEAN AS bottom
    WHERE false
    {% for indicator in indicators %}
    UNION ALL BY NAME
    SELECT {{indicator.name}} AS indicator, count(*) > 0 AS is_counted,
        coalesce(bool_or({{indicator.top}} AND value IS NOT NULL), false) AS top,
        coalesce(bool_or({{indicator.top}} AND rate_per_100k IS NOT NULL), false) AS top_population,
        coalesce(bool_or({{indicator.bottom}} AND value IS NOT NULL), false) AS bottom
    FROM out.rate
    WHERE iccs = {{indicator.iccs}}
    {% endfor %}
)
FROM input
