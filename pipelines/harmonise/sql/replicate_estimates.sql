-- Grain: one row for each measure, period, group of units and national code: the estimate, with its standard error from
-- the replicates (Wolter 2007, chapters 3 and 4): {{factor}} times the sum of the squared distances of their estimates from
-- that of the whole sample. A replicate that has nobody of the group gives no error.
-- reads: psu_units, psu_events, replicate_unit, replicate_event, survey_measure, survey_quantile
-- writes: survey_estimate
CREATE OR REPLACE TEMP TABLE survey_estimate AS
WITH code AS (
    SELECT DISTINCT time_period, national_code
    FROM psu_events
),
total AS (
    SELECT kind.measure, kind.of_units, kind.per, kind.most, own.time_period{% for name in groups %}, own.{{name}}{% endfor %}, code.national_code,
        own.units, own.sampled,
        coalesce(CASE WHEN kind.of_units THEN event.struck ELSE event.events END, 0) AS counted,
        coalesce(CASE WHEN kind.of_units THEN event.struck_sampled ELSE event.records END, 0) AS records,
        coalesce(kind.per, 1) * counted / CASE WHEN kind.per IS NULL THEN 1 ELSE own.units END AS figure
    FROM psu_units AS own
    JOIN code ON code.time_period = own.time_period
    CROSS JOIN survey_measure AS kind
    LEFT JOIN psu_events AS event ON event.time_period = own.time_period AND event.national_code = code.national_code{% for name in groups %} AND event.{{name}} = own.{{name}}{% endfor %}
),
again AS (
    SELECT total.measure, total.time_period{% for name in groups %}, total.{{name}}{% endfor %}, total.national_code, any_value(total.figure) AS figure,
        list(coalesce(total.per, 1) * coalesce(CASE WHEN total.of_units THEN event.struck ELSE event.events END, 0)
            / CASE WHEN total.per IS NULL THEN 1 ELSE nullif(own.units, 0) END) AS figures
    FROM total
    JOIN replicate_unit AS own ON own.time_period = total.time_period{% for name in groups %} AND own.{{name}} = total.{{name}}{% endfor %}
    LEFT JOIN replicate_event AS event ON event.time_period = own.time_period AND event.replicate = own.replicate
        AND event.national_code = total.national_code{% for name in groups %} AND event.{{name}} = own.{{name}}{% endfor %}
    GROUP BY total.measure, total.time_period{% for name in groups %}, total.{{name}}{% endfor %}, total.national_code
),
estimate AS (
    SELECT total.*, quantile.quantile, least(total.records, total.sampled) < {{smallest}} AS withheld,
        CASE WHEN list_count(again.figures) = {{number}}
            THEN sqrt({{factor}} * list_sum([(one - again.figure) ** 2 FOR one IN again.figures])) END AS error
    FROM total
    JOIN again ON again.measure = total.measure AND again.time_period = total.time_period
        AND again.national_code = total.national_code{% for name in groups %} AND again.{{name}} = total.{{name}}{% endfor %}
    JOIN survey_quantile AS quantile ON quantile.measure = total.measure AND quantile.time_period = total.time_period
)
SELECT measure, time_period, national_code{% for name in groups %}, {{name}}{% endfor %}, figure, error, quantile, most, records, sampled, withheld
FROM estimate
