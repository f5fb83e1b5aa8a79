-- Grain: one row: whether any cell of the release can be the numerator of an indicator, has the population it needs, and
-- whether any can be its denominator.
-- reads: out.rate
SELECT
    coalesce(bool_or({{top}} AND value IS NOT NULL), false) AS top,
    coalesce(bool_or({{top}} AND rate_per_100k IS NOT NULL), false) AS top_population,
    coalesce(bool_or({{bottom}} AND value IS NOT NULL), false) AS bottom
FROM out.rate
WHERE iccs = {{iccs}}
