-- Grain: one row for each form of dates and area of incidents: how many dates are written so, in how many months of the
-- calendar they lie, on how many of them the day is the first of its month, and one up to the twelfth.
-- reads: area_seen, period_seen, tally_part
{% for form in forms %}
SELECT {{form}} AS form, CAST(area.ref_area AS VARCHAR) AS ref_area,
    count(DISTINCT period) FILTER ({{counts[loop.index0]}} > 0)::BIGINT AS months,
    sum({{counts[loop.index0]}})::BIGINT AS dates, sum(form_{{form}}_first)::BIGINT AS first_days,
    sum(form_{{form}}_early)::BIGINT AS early
FROM tally_part
JOIN area_seen AS area ON area.id = tally_part.ref_area_id
JOIN period_seen USING (period)
WHERE exclusion = 0
GROUP BY ref_area
{% if not loop.last %}UNION ALL{% endif %}

{% endfor %}
ORDER BY ALL
