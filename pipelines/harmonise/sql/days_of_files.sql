-- Grain: one row for each form of dates and file of incidents: how many dates are written so, in how many months of the
-- calendar they lie, on how many of them the day is the first of its month, and one up to the twelfth.
-- reads: {{files}}
{% for form in forms %}
SELECT {{form}} AS form, regexp_extract(filename, '([0-9a-f]{32}).tally[.]parquet', 1) AS part,
    count(DISTINCT period) FILTER ({{counts[loop.index0]}} > 0)::BIGINT AS months,
    sum({{counts[loop.index0]}})::BIGINT AS dates, sum(form_{{form}}_first)::BIGINT AS first_days,
    sum(form_{{form}}_early)::BIGINT AS early
FROM read_parquet([{{files}}], filename = true)
WHERE period > 0 AND exclusion = 0
GROUP BY part
{% if not loop.last %}UNION ALL{% endif %}

{% endfor %}
ORDER BY ALL
