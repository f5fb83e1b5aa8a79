-- Grain: one row for each estimate of a survey as text, as a file would give it. Those from few records are withheld, and with
-- them those from which they would follow. Limits end at zero, and those of a share of units at all of them.
-- reads: survey_estimate, survey_hidden
WITH shown AS (
    SELECT one.*, hidden.time_period IS NOT NULL AS is_hidden
    FROM survey_estimate AS one
    LEFT JOIN survey_hidden AS hidden ON hidden.time_period = one.time_period
        AND hidden.national_code = one.national_code{% for name in groups %} AND hidden.{{name}} = one.{{name}}{% endfor %}

)
SELECT {{file}} AS _file, NULL::VARCHAR AS _sheet,
    row_number() OVER (ORDER BY measure, time_period, national_code{% for name in groups %}, {{name}}{% endfor %}) AS _row,
    measure, time_period, national_code{% for name in groups %}, {{name}}{% endfor %},
    CASE WHEN is_hidden THEN {{hidden}} ELSE printf('%.9f', figure) END AS value,
    {% for name, text in (("standard_error", "error"), ("ci_low", "greatest(figure - quantile * error, 0)"), ("ci_high", "least(figure + quantile * error, most)")) %}
    CASE WHEN is_hidden OR error IS NULL THEN '' ELSE printf('%.9f', {{text}}) END AS {{name}},
    {% endfor %}
    CASE WHEN is_hidden THEN '' ELSE sampled::VARCHAR END AS sample_size
FROM shown
