-- Grain: one row for each declared indicator: whether any cell of the release is of its category, whether any of these is
-- of an age, whether any can be its numerator, has the population it needs, and whether any can be its denominator.
-- One aggregation for all: planning one for each takes longer than running it.
-- reads: out.rate
WITH wanted AS (
    FROM (VALUES
        {% for indicator in indicators %}
        ({{indicator.name}}, {{indicator.iccs}}){% if not loop.last %},{% endif %}
        {% endfor %}
    ) AS indicator (indicator, iccs)
),
cell AS (
    SELECT indicator, rate.iccs IS NOT NULL AS is_counted, age, value, rate_per_100k,
        CASE indicator
            {% for indicator in indicators %}
            WHEN {{indicator.name}} THEN {{indicator.top}}
            {% endfor %}
        END AS is_top,
        CASE indicator
            {% for indicator in indicators %}
            WHEN {{indicator.name}} THEN {{indicator.bottom}}
            {% endfor %}
        END AS is_bottom
    FROM wanted
    LEFT JOIN out.rate AS rate USING (iccs)
)
SELECT indicator, bool_or(is_counted) AS is_counted, coalesce(bool_or(age NOT IN ('_T', '_U')), false) AS is_by_age,
    coalesce(bool_or(is_top AND value IS NOT NULL), false) AS top,
    coalesce(bool_or(is_top AND rate_per_100k IS NOT NULL), false) AS top_population,
    coalesce(bool_or(is_bottom AND value IS NOT NULL), false) AS bottom
FROM cell
GROUP BY indicator
